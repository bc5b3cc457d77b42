import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { refuseConnections, refuseExpectation } from '../../../plugins/errors/connections.js'
import errors from '../../../plugins/errors/index.js'
import { LingeringConnections } from '../../../plugins/lingering-close.js'

const generous = { LINGER_MS: 3_600_000, LINGER_BYTES: 2 ** 30, LINGER_CONNECTIONS: 10 }

/** A server on a real port whose POST /json and /v2/json echo JSON, and whose GET /endless never ends. Its requests must arrive within `timeout`. */
async function listen (t: Test, { limits = generous, timeout = 3_600_000 } = {}) {
  const lingering = new LingeringConnections(limits)
  const app = Fastify({ clientErrorHandler: refuseConnections(lingering), requestTimeout: timeout, http: { connectionsCheckingInterval: 20, requestTimeout: timeout, headersTimeout: timeout } })
  t.teardown(() => {
    app.server.closeAllConnections()
    return app.close()
  })
  app.server.on('checkExpectation', refuseExpectation(lingering))
  await app.register(errors)
  for (const path of ['/json', '/v2/json']) app.post(path, async ({ body }) => body)
  app.get('/endless', async (_request, reply) => reply.send(Readable.from(endless())))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return { app, socket }
}

async function * endless () {
  yield 'begun'
  await new Promise(() => {})
}

/** Sends the pieces one after the other, and gives back what comes until the server ends. */
async function exchange (t: Test, pieces: string[], settings: Parameters<typeof listen>[1] = {}) {
  const { socket } = await listen(t, settings)
  let text = ''
  socket.on('data', (chunk) => { text += chunk.toString() })
  const ended = once(socket, 'end')
  for (const piece of pieces) {
    socket.write(piece)
    await delay(30)
  }
  await ended
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return { head, body }
}

const chunked = (path: string) => [`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`, 'not a length\r\n']
const huge = 'a'.repeat(20_000)

t.test('what is no HTTP is refused in the form of the path that it names', async (t) => {
  const cases: [string[], number, string, boolean][] = [
    [['GARBAGE\r\n\r\n'], 400, 'INVALID_HTTP', false],
    [['GET /health HTTP/1.1\r\nno header\r\n\r\n'], 400, 'INVALID_HTTP', false],
    [['GET /v2/health/live HTTP/1.1\r\nno header\r\n\r\n'], 400, 'INVALID_HTTP', true],
    [['BREW /v1/models HTTP/1.1\r\n\r\n'], 400, 'INVALID_HTTP', true],
    [['\r\nGET http://localhost/v2 HTTP/9.9\r\n\r\n'], 400, 'INVALID_HTTP', true],
    [[`GET /v2 HTTP/1.1\r\nx: ${huge}\r\n\r\n`], 431, 'HEADERS_TOO_LARGE', true],
    [[`GET /v20 HTTP/1.1\r\nx: ${huge}\r\n\r\n`], 431, 'HEADERS_TOO_LARGE', false],
    [['GET /v2 HTTP/1.1\r\nx: y\r\n', 'no header\r\n\r\n'], 400, 'INVALID_HTTP', false],
    [chunked('/json'), 400, 'INVALID_HTTP', false],
    [chunked('/v2/json'), 400, 'INVALID_HTTP', true]
  ]
  for (const [pieces, status, code, isPlain] of cases) {
    const { head, body } = await exchange(t, pieces)
    const what = pieces.join('|').slice(0, 60)
    t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), what)
    t.match(head, `Content-Length: ${Buffer.byteLength(body)}`)
    t.match(head, `Content-Type: ${isPlain ? 'application/json' : 'application/problem+json'}\r\n`, what)
    if (isPlain) t.strictSame(Object.keys(JSON.parse(body)), ['error'], what)
    else t.match(JSON.parse(body), { status, code, request_id: /^[0-9a-f-]{36}$/, errors: [] }, what)
    t.match(head, /X-Request-Id: [0-9a-f-]{36}/)
  }
})

t.test('a request that does not arrive in time is told so', async (t) => {
  for (const [path, type] of [['/json', 'application/problem+json'], ['/v2/json', 'application/json']] as const) {
    const { head, body } = await exchange(t, [`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`], { timeout: 100 })
    t.match(head, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    t.match(head, `Content-Type: ${type}\r\n`)
    t.match(body, 'The request did not arrive in time')
  }
})

t.test('an answer that has begun is not mixed with that of what follows', async (t) => {
  const { socket } = await listen(t)
  let text = ''
  socket.on('data', (chunk) => { text += chunk.toString() })
  socket.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n')
  while (!text.includes('begun')) await once(socket, 'data')
  socket.on('end', () => socket.destroy()).write('GARBAGE\r\n\r\n')
  await once(socket, 'close')
  t.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
})

t.test('a connection is kept after a body that has been read, and the answer says what becomes of it', async (t) => {
  const body = (connection: string, text: string) => `POST /json HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  const { socket } = await listen(t)
  let text = ''
  socket.on('data', (chunk) => { text += chunk.toString() })
  const answers = () => [...text.matchAll(/HTTP\/1\.1 (\d+)[^{]*^connection: (\S+)/gim)].map(([, status, connection]) => `${status} ${connection}`)
  const expected = ['400 keep-alive', '200 keep-alive', '400 close']
  for (const [index, request] of [body('keep-alive', '{'), body('keep-alive', '{}'), body('close', '{')].entries()) {
    socket.write(request)
    while (answers().length === index) await once(socket, 'data')
  }
  t.same(answers(), expected)
})

t.test('a client that goes on sending what is no HTTP reads the answer, up to the limit', async (t) => {
  const garbage = Buffer.alloc(8 * 1024 * 1024, 'x')
  const send = (socket: Socket) => new Promise<boolean>((resolve) => socket.write(garbage, (error) => resolve(error == null)))
  const patient = await listen(t)
  patient.socket.pause()
  t.ok(await send(patient.socket))
  t.match(String((await once(patient.socket.resume(), 'data'))[0]), /^HTTP\/1\.1 400 /)
  patient.socket.destroy()
  await closed(patient.app)

  const strict = await listen(t, { limits: { ...generous, LINGER_BYTES: 1024 * 1024 } })
  strict.socket.pause()
  let isTaken = true
  for (let pieces = 0; isTaken && pieces < 400; pieces++) isTaken = await send(strict.socket)
  t.notOk(isTaken)
  await closed(strict.app)
})

t.test('a client that does not leave is left', async (t) => {
  const { app, socket } = await listen(t, { limits: { ...generous, LINGER_MS: 20 } })
  socket.write('GARBAGE\r\n\r\n')
  await once(socket.resume(), 'end')
  await closed(app)
  t.pass('the server has closed its side')
})

/** Resolves once the server has no connections. */
async function closed ({ server }: Awaited<ReturnType<typeof listen>>['app']): Promise<void> {
  while (await new Promise((resolve) => server.getConnections((_error, count) => resolve(count > 0)))) await delay(5)
}

t.test('an expectation that cannot be met is a 417', async (t) => {
  const ask = (path: string, expect: string, id = '') => exchange(t, [`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${id}Content-Type: application/json\r\nExpect: ${expect}\r\nContent-Length: 2\r\n\r\n{}`])
  const problem = await ask('/json', '200-ok', 'X-Request-Id: mine\r\n')
  t.match(problem.head, /^HTTP\/1\.1 417 Expectation Failed\r\n/)
  t.match(problem.head, /content-type: application\/problem\+json\r\n/)
  t.match(JSON.parse(problem.body), { status: 417, code: 'EXPECTATION_FAILED', detail: 'Expect can be 100-continue, not 200-ok', request_id: 'mine' })
  const plain = await ask('/v2/json', '200-ok')
  t.match(plain.head, /content-type: application\/json\r\n/)
  t.same(JSON.parse(plain.body), { error: 'Expect can be 100-continue, not 200-ok' })
  t.match((await ask('/json', '100-continue')).head, /^HTTP\/1\.1 100 Continue/)
})
