import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import errors from '../../plugins/errors/index.js'
import lingeringClose, { LingeringConnections } from '../../plugins/lingering-close.js'

const size = 32 * 1024 * 1024
const generous = { LINGER_MS: 3_600_000, LINGER_BYTES: 2 ** 30, LINGER_CONNECTIONS: 10 }

/** A server that takes JSON of 1 KB at POST /json, and a client that reads nothing yet. */
async function listen (t: Test, limits = generous) {
  const app = Fastify({ bodyLimit: 1024, return503OnClosing: false })
  t.teardown(() => {
    app.server.closeAllConnections()
    return app.close()
  })
  await app.register(errors)
  await app.register(lingeringClose, { lingering: new LingeringConnections(limits) })
  app.post('/json', async ({ body }) => body)
  app.refuseOtherMethods()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const open = async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).pause()
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { app, open, socket: await open() }
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
async function closed (app: Awaited<ReturnType<typeof listen>>['app']): Promise<void> {
  while (await countConnections(app) > 0) await delay(5)
}

function countConnections ({ server }: Awaited<ReturnType<typeof listen>>['app']): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))
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
  const { app, socket } = await listen(t, { ...generous, LINGER_BYTES: 1 })
  await write(socket, head('POST', '/nothing', 'Content-Length: 100000\r\n'))
  await write(socket, Buffer.alloc(100_000))
  await write(socket, `${head('POST', '/json', 'Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n')}{}`)
  t.match(await read(socket), /^HTTP\/1\.1 404 .*HTTP\/1\.1 200 .*\{\}$/s)
  await closed(app)
})

t.test('of too many the last are closed as soon as their answer is sent', async (t) => {
  const { app, open, socket: first } = await listen(t, { ...generous, LINGER_CONNECTIONS: 1 })
  const refused = head('POST', '/nothing', `Connection: close\r\nContent-Length: ${size}\r\n`)
  await write(first, refused)
  t.match(await read(first), /^HTTP\/1\.1 404 .*}$/s)
  const second = await open()
  await write(second, refused)
  t.match(await read(second), /^HTTP\/1\.1 404 .*}$/s, 'it has its answer')
  // The server waits for the first one only, which leaves room for the next when it has gone.
  while (await countConnections(app) > 1) await delay(5)
  t.ok(await write(first, Buffer.alloc(size)), 'the first may still send')
  await closed(app)
  const third = await open()
  await write(third, refused)
  t.match(await read(third), /^HTTP\/1\.1 404 .*}$/s)
  t.ok(await write(third, Buffer.alloc(size)))
  await closed(app)
})

t.test('clients that neither send on nor leave do not hold up a server that closes', async (t) => {
  const { app, open, socket: early } = await listen(t)
  const [[taken], late] = await Promise.all([once(app.server, 'connection'), open()])
  const refused = head('POST', '/nothing', `Connection: close\r\nContent-Length: ${size}\r\n`)
  await write(early, refused)
  t.match(await read(early), /^HTTP\/1\.1 404 /)
  await write(late, refused.slice(0, 30))
  while (taken.bytesRead < 30) await delay(5)
  const isClosed = app.close()
  await write(late, refused.slice(30))
  t.match(await read(late), /^HTTP\/1\.1 404 /, 'also one that is refused by then')
  await isClosed
  t.equal(await countConnections(app), 0)
})
