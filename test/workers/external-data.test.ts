import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { locateExternalData } from '../../workers/external-data.js'

t.test('external data lies in the folder of its model, after symlinks', async (t) => {
  const root = realpathSync(t.testdir({
    model: { 'weights.bin': '', deep: { 'more.bin': '' }, inside: t.fixture('symlink', 'weights.bin'), outside: t.fixture('symlink', '../secret'), up: t.fixture('symlink', '..') },
    'model-2': { 'weights.bin': '' },
    secret: '',
    link: t.fixture('symlink', 'model')
  }))
  for (const folder of ['model', 'link']) {
    for (const [location, path] of [['weights.bin', 'weights.bin'], ['deep/more.bin', 'deep/more.bin'], ['deep/../weights.bin', 'weights.bin'], ['inside', 'weights.bin'], ['none.bin', 'none.bin']] as const) {
      t.equal(await locateExternalData(join(root, folder), location), join(root, 'model', path), `${folder} ${location}`)
    }
    for (const location of ['', '.', '../secret', '../model-2/weights.bin', join(root, 'secret'), 'outside', 'up/secret', '../none.bin', '/etc/passwd']) {
      await t.rejects(locateExternalData(join(root, folder), location), { message: `external data '${location}' leaves the model's folder` }, `${folder} ${location}`)
    }
  }
})
