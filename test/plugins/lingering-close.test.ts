import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import type { Config } from '../../config.js'
import errors from '../../plugins/errors/index.js'
import lingeringClose from '../../plugins/lingering-close.js'

const size = 32 * 1024 * 1024
const generous = { LINGER_MS: 3_600_000, LINGER_BYTES: 2 ** 30 }

/** A server that takes JSON of 1 KB at POST /json, and a client that reads nothing yet. */
async function listen (t: Test, limits = generous) {
  const app = Fastify({ bodyLimit: 1024 })
  t.teardown(() => {
    app.server.closeAllConnections()
    return app.close()
  })
  app.decorate('config', limits as Config)
  await app.register(errors)
  await app.register(lingeringClose)
  app.post('/json', async ({ body }) => body)
  app.refuseOtherMethods()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {}).pause()
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return { app, socket }
}

function write (socket: Socket, bytes: string | Buffer): Promise<boolean> {
  return new Promise((resolve) => socket.write(bytes, (error) => resolve(error == null)))
}

const head = (method: string, path: string, headers: string) => `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`

async function read (socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** Resolves once the server has no connections. */
async function closed ({ server }: Awaited<ReturnType<typeof listen>>['app']): Promise<void> {
  while (await new Promise((resolve) => server.getConnections((_error, count) => resolve(count > 0)))) await delay(5)
}

t.test('a client that sends all of a refused body before it reads gets the answer, and then the connection ends', async (t) => {
  const close = 'Connection: close\r\n'
  const json = 'Content-Type: application/json\r\n'
  const length = `Content-Length: ${size}\r\n`
  const cases = [
    ['POST', '/nothing', close + length, 404], ['PUT', '/json', close + length, 405], ['LOCK', '/json', close + length, 405],
    ['POST', '/json', close + length, 415], ['POST', '/json', close + json + length, 413], ['POST', '/json', json + length, 413]
  ] as const
  for (const [method, path, headers, status] of cases) {
    const { app, socket } = await listen(t)
    await write(socket, head(method, path, headers))
    t.ok(await write(socket, Buffer.alloc(size, ' ')), `${method} ${path}: all of it is taken`)
    const text = await read(socket)
    t.match(text, new RegExp(`^HTTP/1\\.1 ${status} .*connection: close.*}$`, 'is'))
    await closed(app)
  }
})

t.test('a chunked body of unknown length is taken as well', async (t) => {
  const { app, socket } = await listen(t)
  await write(socket, head('POST', '/nothing', 'Connection: close\r\nTransfer-Encoding: chunked\r\n'))
  t.ok(await write(socket, Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), Buffer.alloc(size), Buffer.from('\r\n0\r\n\r\n')])))
  t.match(await read(socket), /^HTTP\/1\.1 404 /)
  await closed(app)
})

t.test('a client that reads while it sends has the end of the answer at once', async (t) => {
  const { app, socket } = await listen(t)
  await write(socket, head('POST', '/nothing', `Connection: close\r\nContent-Length: ${size}\r\n`))
  t.match(await read(socket), /^HTTP\/1\.1 404 .*}$/s)
  t.ok(await write(socket, Buffer.alloc(size)), 'and may still send the rest')
  await closed(app)
})

t.test('no more is thrown away than the limits say', async (t) => {
  const few = await listen(t, { ...generous, LINGER_BYTES: 1024 * 1024 })
  await write(few.socket, head('POST', '/nothing', `Connection: close\r\nContent-Length: ${100 * size}\r\n`))
  let isTaken = true
  for (let pieces = 0; isTaken && pieces < 100; pieces++) isTaken = await write(few.socket, Buffer.alloc(size))
  t.notOk(isTaken)
  await closed(few.app)

  const brief = await listen(t, { ...generous, LINGER_MS: 20 })
  await write(brief.socket, head('POST', '/nothing', `Connection: close\r\nContent-Length: ${size}\r\n`))
  await closed(brief.app)
  t.match(await read(brief.socket), /^HTTP\/1\.1 404 /, 'who sends no more is left with the answer')
})

t.test('a connection that is kept serves the next request, and closes as ever', async (t) => {
  const { app, socket } = await listen(t, { LINGER_MS: 3_600_000, LINGER_BYTES: 1 })
  await write(socket, head('POST', '/nothing', 'Content-Length: 100000\r\n'))
  await write(socket, Buffer.alloc(100_000))
  await write(socket, `${head('POST', '/json', 'Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n')}{}`)
  t.match(await read(socket), /^HTTP\/1\.1 404 .*HTTP\/1\.1 200 .*\{\}$/s)
  await closed(app)
})
