import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { request, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { damage, seeded } from '../damage.js'
import { build, makeStore, until } from '../helper.js'
import { frame, irisRows } from '../oip.js'

const store = await makeStore(t, { iris: { example: 'iris' }, float: { zoo: 'identity-float32' } })
const limit = 4 * 1024 * 1024
const app = await build(t, { MODEL_STORE: store, BODY_LIMIT: limit })
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo
const url = '/v2/models/iris/infer'
const payload = Buffer.from(JSON.stringify({ inputs: [irisRows(1).input] }))

/** Sends a body in pieces; without a length it goes out in chunked encoding. */
async function post (path: string, pieces: Buffer[], headers: Record<string, string | number> = {}): Promise<{ status: number, headers: IncomingMessage['headers'], body: Buffer }> {
  const sent = request({ port, path, method: 'POST', headers })
  const answered: Promise<IncomingMessage> = once(sent, 'response').then(([response]) => response)
  answered.catch(() => {})
  sent.on('error', () => {})
  for (const piece of pieces) {
    if (sent.destroyed) break
    sent.write(piece)
    await delay(1)
  }
  sent.end()
  const response = await answered
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) }
}

/** Sends bytes as they are and gives back what comes until the server closes the connection or is silent. */
/** `leave` closes this side at once, which tells the server that nobody waits any more. */
async function exchange (bytes: Buffer | string, { leave = true } = {}): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => { text += chunk.toString('latin1') }).on('error', () => {})
  if (leave) socket.end(bytes)
  else socket.write(bytes)
  await once(socket, 'close')
  return text
}

const split = (bytes: Buffer, size: number) => Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
const serves = async () => (await post(url, [payload], { 'content-length': payload.byteLength })).status

t.test('a chunked body with a length header is cut where the header says', async (t) => {
  const data = Float32Array.from({ length: 200_000 }, (_, index) => index / 3)
  const { payload, headers } = frame({ inputs: [{ name: 'x', shape: [100_000, 2], datatype: 'FP32', parameters: { binary_data_size: data.byteLength } }], parameters: { binary_data_output: true } }, data)
  const known = { ...headers, 'content-length': payload.byteLength }
  for (const [size, sent] of [[100_001, headers], [100_001, known], [payload.byteLength, known]] as const) {
    const { status, headers: answer, body } = await post('/v2/models/float/infer', split(payload, size), sent)
    t.equal(status, 200)
    t.ok(body.subarray(Number(answer['inference-header-content-length'])).equals(Buffer.from(data.buffer)))
  }
  const gzip = gzipSync(payload, { level: 1 })
  const inflated = await post('/v2/models/float/infer', split(gzip, 50_001), { ...headers, 'content-encoding': 'gzip' })
  t.ok(inflated.body.subarray(Number(inflated.headers['inference-header-content-length'])).equals(Buffer.from(data.buffer)))
})

t.test('a chunked body over the limit is refused while it comes, and the client gets to read why', async (t) => {
  const pieces = split(Buffer.alloc(limit + 100_000, ' '), 65_536)
  for (const headers of [{}, { 'content-length': limit + 100_000 }, { 'content-encoding': 'gzip' }]) {
    const { status, body } = await post(url, 'content-encoding' in headers ? [gzipSync(Buffer.alloc(100_000_000))] : pieces, headers)
    t.strictSame([status, JSON.parse(body.toString())], [413, { error: `The body is larger than ${limit} bytes` }])
  }
  t.equal(await serves(), 200)
})

t.test('an unknown model is told before its body has come', async (t) => {
  const { status, body } = await post('/v2/models/nope/infer', split(Buffer.alloc(500_000), 65_536), { 'content-length': 500_000 })
  t.equal(status, 404)
  t.match(JSON.parse(body.toString()), { error: /no model 'nope'/ })
})

t.test('a request without content type, length or body is understood', async (t) => {
  t.match(await exchange(`POST ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 400 .*failed to parse/s)
  t.match(await exchange('POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 503 /)
  t.match(await exchange(`POST ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${payload.byteLength}\r\n\r\n${payload}`, { leave: false }), /^HTTP\/1.1 200 .*content-type: application\/json\r\n/s)
})

t.test('a client that goes away in the middle of its body leaves nothing behind', async (t) => {
  for (const encoding of ['', 'Content-Encoding: gzip\r\n']) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`POST ${url} HTTP/1.1\r\nHost: x\r\n${encoding}Content-Length: 1000000\r\n\r\n`)
    socket.write(Buffer.alloc(1000, ' '))
    await delay(20)
    socket.destroy()
  }
  await until(() => new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count <= 1))))
  t.equal(await serves(), 200)
})

t.test('damaged requests are refused or answered, never fatal, and the next request is served', async (t) => {
  const random = seeded(7)
  const { payload: binary, headers } = frame({ id: 'r', inputs: [{ ...irisRows(1).input, data: undefined, parameters: { binary_data_size: 16 } }], outputs: [{ name: 'probabilities', parameters: { binary_data: true } }, { name: 'label' }] }, Float32Array.of(5.1, 3.5, 1.4, 0.2))
  const originals = [{ body: payload, headers: {} }, { body: binary, headers }, { body: gzipSync(binary), headers: { ...headers, 'content-encoding': 'gzip' } }]
  const counts = new Map<number, number>()
  for (let round = 0; round < 300; round++) {
    const { body, headers } = originals[round % originals.length] ?? { body: payload, headers: {} }
    const damaged = damage(body, random)
    const { status, body: answer, headers: answered } = await post(url, [damaged], { ...headers, 'content-length': damaged.byteLength })
    counts.set(status, (counts.get(status) ?? 0) + 1)
    if (status !== 200 && (status < 400 || status > 499 || answered['content-type'] !== 'application/json')) t.fail(`${status} ${answer} for ${damaged.toString('hex')}`)
  }
  t.ok((counts.get(400) ?? 0) > 100)
  t.equal(await serves(), 200)
  t.match((await app.inject('/v2/models/iris/stats')).json().model_stats[0].inference_stats.fail, { count: 0 })
})

t.test('damaged HTTP is answered with a 4xx or nothing, and the next request is served', async (t) => {
  const random = seeded(11)
  const head = `POST ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nInference-Header-Content-Length: ${payload.byteLength}\r\nContent-Length: ${payload.byteLength}\r\n\r\n`
  const whole = Buffer.concat([Buffer.from(head), payload])
  for (let round = 0; round < 100; round++) {
    const answer = await exchange(damage(whole, random))
    if (answer !== '' && !/^HTTP\/1\.1 (200|4\d\d|501|505) /.test(answer)) t.fail(answer)
  }
  t.equal(await serves(), 200)
})
