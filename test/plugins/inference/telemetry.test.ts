import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { addModel, until } from '../../helper.js'

const root = join(import.meta.dirname, '../../..')

t.test('ONNX Runtime sends and keeps nothing of its own, in a clean environment', async (t) => {
  const folder = t.testdir()
  const [home, store] = [join(folder, 'home'), join(folder, 'store')]
  await mkdir(home)
  await addModel(store, 'first', { zoo: 'fails-on-13' })
  // Nothing is inherited: a CI variable, for one, silences the telemetry by itself.
  const env = { HOME: home, TMPDIR: home, MODEL_STORE: store, PORT: '0', GRPC_PORT: '0', WORKERS: '1', WATCH: 'true', DRAIN_DELAY_MS: '0' }
  const server = spawn(process.execPath, ['--import', join(root, 'test/type-stripping.js'), join(root, 'server.ts')], { env, cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  t.teardown(() => server.kill('SIGKILL'))
  let log = ''
  server.stdout.on('data', (chunk) => { log += chunk })
  const address = () => /"msg":"[^"]*(http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1]
  await until(() => address() !== undefined || server.exitCode !== null)

  const predict = (model: string): Promise<Response | undefined> => fetch(`${address()}/models/${model}/predict/batch`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"instances": [{"x": 1}]}'
  }).catch(() => undefined)
  await until(async () => (await predict('first'))?.status === 200)
  await addModel(store, 'second', { zoo: 'fails-on-13' })
  await until(async () => (await predict('second'))?.status === 200)
  server.kill('SIGTERM')
  t.same(await ended, [0, null])
  t.same(await readdir(home, { recursive: true }), [], 'neither the server nor the process that tries a new file left anything')
})
