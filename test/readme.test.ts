import { execFile } from 'node:child_process'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { build, zooPath } from './helper.js'
import { addScripts, buildServer } from './server-process.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const built = dirname(dirname(await buildServer(t)))

interface Command {
  script: string
  /** The JSON block that follows it. */
  answer?: unknown
}

/** The shell blocks of a page that call the server, each with the answer that is printed below it. */
function findCommands (page: string): Command[] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```\n(?:```json\n(.*?)^```$)?/gms)]
  return blocks.flatMap(([, script = '', answer]) => script.includes('curl ') ? [{ script, ...(answer !== undefined && { answer: JSON.parse(answer) }) }] : [])
}

/** Whether an answer is the printed one: numbers to 1e-6, `…` for anything. */
function agree (found: unknown, printed: unknown): boolean {
  if (printed === '…') return true
  if (typeof found === 'number' && typeof printed === 'number') return Math.abs(found - printed) <= 1e-6 * Math.max(1, Math.abs(printed))
  if (typeof found !== 'object' || typeof printed !== 'object' || found === null || printed === null) return found === printed
  const entries = Object.entries(printed)
  return Object.keys(found).length === entries.length && entries.every(([key, value]) => agree(Object.getOwnPropertyDescriptor(found, key)?.value, value))
}

t.test('the commands of the README do what it says', async (t) => {
  const app = await build(t)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const commands = findCommands(readme)
  t.ok(commands.length >= 6 && commands.filter(({ answer }) => answer !== undefined).length >= 2, 'there are commands and answers')
  for (const { script, answer } of commands) {
    await t.test(script.split('\n')[0] ?? '', async (t) => {
      t.match(script, 'localhost:8080', 'it asks the server that was started above')
      const { stdout } = await promisify(execFile)('sh', ['-c', script.replaceAll(/(http:\/\/)?localhost:8080/g, address)])
      const found = JSON.parse(stdout)
      if (answer !== undefined) t.ok(agree(found, answer), `${stdout} is ${JSON.stringify(answer)}`)
      else t.notOk('error' in found || 'errors' in found, stdout.slice(0, 300))
    })
  }
})

t.test('the npm commands of the README do what it says', async (t) => {
  const home = t.testdir({ server: {} })
  const server = join(home, 'server')
  cpSync(built, server, { recursive: true })
  addScripts(server, 'node --version')
  cpSync(new URL('../model-store/iris', import.meta.url), join(server, 'model-store/iris'), { recursive: true })
  cpSync(new URL('fixtures/variants/digits', import.meta.url), join(server, 'model-store/churn'), { recursive: true })
  cpSync(zooPath('identity-float32'), join(home, 'churn.onnx'))

  const said: Record<string, RegExp> = {
    init: /^ok: churn 1: .* 2 features, .*\nnext: cd \.\.\/churn-service && npm start\n$/m,
    compare: /^equal labels: \d+\.\d\d % of \d+ rows/m,
    check: /^ok: iris 1: MULTICLASS_CLASSIFICATION, 4 features, /m
  }
  const commands = [...readme.matchAll(/npm run (init|compare|check) -- [^`\n]+/g)]
  t.strictSame(commands.map(([, name]) => name), Object.keys(said), 'each is there')
  const env = { PATH: process.env.PATH, HOME: home, npm_config_offline: 'true', npm_config_update_notifier: 'false' }
  for (const [command, name = ''] of commands) {
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: server, env })
    t.match(stdout, said[name], command)
  }
  const written = readdirSync(join(home, 'churn-service'))
  for (const name of ['model-store', 'server.config.json', 'Containerfile', 'README.md']) t.ok(written.includes(name), name)
})
