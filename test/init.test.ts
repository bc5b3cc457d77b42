import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { examplePath, until, zooPath } from './helper.js'
import { addScripts, buildServer } from './server-process.js'

const repository = join(import.meta.dirname, '..')
const server = dirname(dirname(await buildServer(t)))
symlinkSync(join(repository, 'model-store'), join(server, 'model-store'))
addScripts(server, 'node build.js')
writeFileSync(join(server, 'build.js'), 'import { appendFileSync } from "node:fs"\nappendFileSync("builds", "+")\n')

const environment = { PATH: process.env.PATH, HOME: process.env.HOME, npm_config_update_notifier: 'false' }

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command to its end, whatever that is. */
async function run (command: string, words: string[], cwd: string): Promise<Ended> {
  try {
    return { code: 0, ...await promisify(execFile)(command, words, { cwd, env: environment }) }
  } catch (error) {
    return error as Ended
  }
}

/** `npm start` in a project; its whole group ends with the test. */
function startProject (t: Test, cwd: string, settings: Record<string, string>) {
  const child = spawn('npm', ['start'], { cwd, env: { ...environment, ...settings }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output.text += chunk })
  t.teardown(() => signal(child, 'SIGKILL'))
  return { child, output }
}

function signal ({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch {
    // The group has ended.
  }
}

/** The first shell block behind a heading of a page. */
function findScript (page: string, heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]?.split('```sh\n')[1]?.split('\n```')[0] ?? ''
}

t.test('the command of the page for coding agents makes a project that serves its model as its README says', async (t) => {
  const folder = t.testdir()
  cpSync(zooPath('logistic-string-labels'), join(folder, 'flowers.onnx'))
  const page = readFileSync(join(repository, 'docs/coding-agents.md'), 'utf8')
  const command = /^ +npm run init -- .*$/m.exec(page)?.[0].trim() ?? ''
  const words = { '../model-service': "'my service'", MODEL_PATH: 'flowers.onnx', PORT: '9000', INPUT_SCHEMA: '{"a":"float","b":"float","c":"float","d":"float"}', 'npm run': `npm --prefix '${server}' run` }
  const made = await run('sh', ['-c', Object.entries(words).reduce((line, [word, value]) => line.replace(word, value), command)], folder)
  t.equal(made.code, 0, made.stderr)
  t.match(made.stdout, /ok: flowers 1: MULTICLASS_CLASSIFICATION, 4 features, loaded and run in \d+ ms\nnext: cd "my service" && npm start\n/)

  const project = join(folder, 'my service')
  const readme = readFileSync(join(project, 'README.md'), 'utf8')
  t.equal(findScript(readme, 'Run it'), 'npm start')
  const checked = await run('npm', ['run', 'check'], project)
  t.equal(checked.code, 0, checked.stderr)
  t.match(checked.stdout, /^ok: flowers 1: MULTICLASS_CLASSIFICATION, 4 features/m)

  // The port that the README names may be another's on this machine; the environment wins.
  const { child, output } = startProject(t, project, { PORT: '0', GRPC_PORT: '-1' })
  const ended = once(child, 'close')
  await until(() => child.exitCode !== null || /http:\/\/127\.0\.0\.1:\d+/.test(output.text))
  const address = /http:\/\/127\.0\.0\.1:\d+/.exec(output.text)?.[0] ?? ''
  t.not(address, '', output.text)
  while ((await fetch(`${address}/ready`)).status !== 200) await delay(10)
  const script = findScript(readme, 'Ask it')
  t.match(script, 'curl -s localhost:9000/predict')
  const asked = await run('sh', ['-c', script.replace('localhost:9000', address)], project)
  const { request_id: _id, ...answer } = JSON.parse(asked.stdout)
  t.match(answer, { prediction: 'setosa', model: 'flowers', model_version: '1' })
  t.match(readme, JSON.stringify(answer).slice(0, -1), 'the answer is the printed one')
  t.equal(JSON.parse(await (await fetch(`${address}/models`)).text()).models.length, 1, 'no example is served beside it')

  await t.test('the checks of the page for coding agents print what stands there', async (t) => {
    const checks = [...page.matchAll(/```sh\n\s*(curl .*)\n\s*```\n\s*```text\n\s*(.*)\n/g)]
    t.equal(checks.length, 4)
    for (const [, command = '', printed] of checks) {
      t.match(command, 'localhost:PORT')
      t.equal((await run('sh', ['-c', command.replace('localhost:PORT', address)], folder)).stdout, printed, command)
    }
  })
  t.equal(readFileSync(join(server, 'builds'), 'utf8'), '+++', 'the server was built each time')
  // Only when the server has ended, too, nothing holds its output any more.
  child.kill('SIGTERM')
  await ended
})

t.test('without a model the project serves the iris example', async (t) => {
  const folder = t.testdir()
  const made = await run('npm', ['--prefix', server, 'run', '--silent', 'init', '--', 'try'], folder)
  t.match(made, { code: 0, stdout: /^ok: iris 1: MULTICLASS_CLASSIFICATION, 4 features, .*\nnext: cd try && npm start\n$/ })
  t.same(JSON.parse(readFileSync(join(folder, 'try/server.config.json'), 'utf8')), { HOST: '127.0.0.1', PORT: 8080, GRPC_PORT: 8081, MODEL_STORE: 'model-store', DEFAULT_MODEL: 'iris' })
})

t.test('what cannot work ends with one line and 1', async (t) => {
  const folder = t.testdir({ 'model.joblib': 'pickle', full: { file: '' } })
  const cases: [string[], RegExp][] = [
    [[], /^name a folder for the project: npm run init -- my-service --model PATH\.onnx$/],
    [['new', '--model', 'model.joblib'], /^--model: .*model\.joblib is not an ONNX file and is never opened; docs\/exporting\.md shows how to export it$/],
    [['new', '--model', 'none.onnx'], new RegExp(`^--model: there is nothing at .*${basename(folder)}/none\\.onnx$`)],
    [['full'], /full is not empty \(file\); name a new folder$/],
    [['new', '--port', '99999'], /^--port must be a whole number from 1 to 65535, got "99999"$/],
    [['new', '--model', zooPath('logistic-string-labels'), '--input-schema', '{'], /^--input-schema must be a JSON object such as \{"age":"int"\}, got \{$/],
    [['new', '--model', zooPath('logistic-string-labels'), '--input-schema', '{"a":"int"}'], /^new 1: --input-schema: the features fill 1 columns, but the input 'X' has 4$/],
    [['new', '--modell', 'x'], /^there is no option --modell; there are --model, --port, --input-schema$/],
    [['new', examplePath('iris')], /^one folder is enough/]
  ]
  for (const [words, line] of cases) {
    const { code, stdout, stderr } = await run(process.execPath, [join(server, 'dist/init.js'), ...words], folder)
    t.same([code, stdout], [1, ''], words.join(' '))
    t.match(stderr, /^not ok: [^\n]*\n$/)
    t.match(stderr.slice('not ok: '.length, -1), line)
  }
  const help = await run(process.execPath, [join(server, 'dist/init.js'), '--help'], folder)
  t.match(help, { code: 0, stdout: /--input-schema/, stderr: '' })
})
