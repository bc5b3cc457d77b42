import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { addModel, until } from '../../helper.js'

const root = join(import.meta.dirname, '../../..')

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

t.test('ONNX Runtime sends and keeps nothing of its own, in a clean environment', async (t) => {
  const folder = t.testdir()
  const [home, store] = [join(folder, 'home'), join(folder, 'store')]
  await mkdir(home)
  await addModel(store, 'first', { zoo: 'fails-on-13' })
  const [port, grpcPort] = [await freePort(), await freePort()]
  // Nothing is inherited: a CI variable, for one, silences the telemetry by itself.
  const env = { HOME: home, TMPDIR: home, MODEL_STORE: store, PORT: String(port), GRPC_PORT: String(grpcPort), WORKERS: '1', WATCH: 'true', LOG_LEVEL: 'fatal', DRAIN_DELAY_MS: '0' }
  const server = spawn(process.execPath, ['--import', join(root, 'test/type-stripping.js'), join(root, 'server.ts')], { env, cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = once(server, 'exit')
  t.teardown(() => server.kill('SIGKILL'))

  const predict = (model: string): Promise<Response | undefined> => fetch(`http://127.0.0.1:${port}/models/${model}/predict/batch`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"instances": [{"x": 1}]}'
  }).catch(() => undefined)
  await until(async () => (await predict('first'))?.status === 200)
  await addModel(store, 'second', { zoo: 'fails-on-13' })
  await until(async () => (await predict('second'))?.status === 200)
  server.kill('SIGTERM')
  t.same(await ended, [0, null])
  t.same(await readdir(home, { recursive: true }), [], 'neither the server nor the process that tries a new file left anything')
})
