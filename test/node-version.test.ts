import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { explainVersion } from '../node-version.js'

const root = join(import.meta.dirname, '..')

t.test('a Node that is too old is told so in one line', async (t) => {
  for (const version of ['20.20.2', '18.0.0', '22.12.0', '22.9.5', '9.99.99', '22.12.99']) t.equal(explainVersion(version), `This is Node ${version}, and the server needs 22.13.0 or newer; npm start brings its own`)
  for (const version of ['22.13.0', '22.13.1', '22.20.5', '23.0.0', '24.21.0', '100.0.0', '24.0.0-nightly2025']) t.equal(explainVersion(version), undefined, version)
})

t.test('it is the version that package.json asks for, and it is looked at first', async (t) => {
  const { engines }: { engines: { node: string } } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.match(explainVersion('1.0.0'), `needs ${engines.node.replace('>=', '')}.0 or newer`)
  t.equal(/^import .*'(.+)'$/m.exec(readFileSync(join(root, 'server.ts'), 'utf8'))?.[1], './node-version.js')
})
