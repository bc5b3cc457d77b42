import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { until } from './helper.js'
import { buildServer, ServerProcess } from './server-process.js'

const file = await buildServer(t)

// Far more than the pipe and the server hold back.
async function fillLog (address: string): Promise<void> {
  const url = `${address}/nowhere?${'x'.repeat(12_000)}`
  for (let sent = 0; sent < 700; sent += 10) await Promise.all(Array.from({ length: 10 }, async () => (await fetch(url)).text()))
}

t.test('a reader of the log that stops loses lines, is told how many, and holds up nothing', async (t) => {
  const server = new ServerProcess(t, file, { DRAIN_DELAY_MS: 0 })
  const address = await server.ready()
  const missing = () => server.log.flatMap(({ msg }) => /^(\d+) lines of the log are missing here/.exec(msg)?.[1] ?? []).map(Number)
  server.child.stdout?.pause()
  await fillLog(address)
  server.child.stdout?.resume()
  await until(() => missing().length > 0)
  const seen = server.log.filter(({ url }) => String(url).startsWith('/nowhere')).length
  t.equal(seen + missing().reduce((sum, lines) => sum + lines, 0), 700)

  server.child.stdout?.pause()
  await fillLog(address)
  const exited = once(server.child, 'exit')
  server.child.kill('SIGTERM')
  t.same(await exited, [0, null])
  server.child.stdout?.resume()
})

t.test('a second signal ends a server whose log nobody reads', async (t) => {
  const server = new ServerProcess(t, file, { DRAIN_DELAY_MS: 60_000 })
  const address = await server.ready()
  server.child.stdout?.pause()
  await fillLog(address)
  const exited = once(server.child, 'exit')
  server.child.kill('SIGTERM')
  await until(async () => (await fetch(`${address}/ready`)).status === 503)
  // One that comes at once is taken for an echo of the first.
  await delay(500)
  server.child.kill('SIGTERM')
  t.same(await exited, [null, 'SIGKILL'])
  server.child.stdout?.resume()
})

t.test('a server whose log was closed goes on without it', async (t) => {
  const server = new ServerProcess(t, file, { DRAIN_DELAY_MS: 0 })
  const address = await server.ready()
  server.child.stdout?.destroy()
  await fillLog(address)
  t.equal((await fetch(`${address}/ready`)).status, 200, 'it answers')
  t.equal(await server.stop(), 0)
  t.equal(server.stderr, '')
})
