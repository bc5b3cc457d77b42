import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

// nginx in front of a server: SERVER_HTTP and SERVER_GRPC are nginx's, SERVER_PID is the server's, which is ended here.
const { SERVER_HTTP, SERVER_GRPC, SERVER_PID } = process.env
const [host, port] = SERVER_HTTP.split(':')
const record = JSON.stringify({ sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 })
const tensors = JSON.stringify({ inputs: [{ name: 'float_input', shape: [1, 4], datatype: 'FP32', data: [5.1, 3.5, 1.4, 0.2] }] })
const tooMuch = Buffer.alloc(17 * 1024 * 1024, ' ')
const pages = { '/predict': record, '/v1/models/iris:predict': '{"instances":[[5.1,3.5,1.4,0.2]]}', '/v2/models/iris/infer': tensors }

const { 'inference.GRPCInferenceService': service } = loadSync(new URL('../../schemas/inference.proto', import.meta.url).pathname, { keepCase: true, defaults: true })
const grpc = new (makeGenericClientConstructor(service, 'Service'))(SERVER_GRPC, credentials.createInsecure())
const call = async (method, message = {}) => await new Promise((resolve, reject) => grpc[method](message, (error, answer) => error === null ? resolve(answer) : reject(error)))
const input = { model_name: 'iris', inputs: [{ name: 'float_input', datatype: 'FP32', shape: [1, 4], contents: { fp32_contents: [5.1, 3.5, 1.4, 0.2] } }] }

/** A request on a connection of its own; nothing is inflated. */
async function ask (path, { body, chunked = false, headers = {} } = {}) {
  const sent = request({ host, port, path, agent: false, method: body === undefined ? 'GET' : 'POST', headers: { ...body !== undefined && { 'content-type': 'application/json' }, ...headers } })
  // What is left of a body that was refused meets a closed connection.
  sent.on('error', () => {})
  if (chunked) sent.flushHeaders()
  sent.end(body)
  const [answer] = await once(sent, 'response')
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) }
}

/** What nginx refuses has the form of the server's own errors. */
function checkError (path, { status, headers, body }, expected, code) {
  assert.equal(status, expected, `${path}: ${body}`)
  assert.equal(headers['retry-after'], expected === 429 ? '1' : undefined)
  assert.ok(headers['x-request-id'])
  const error = JSON.parse(body)
  if (/^\/v[12]/.test(path)) {
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual(Object.keys(error), ['error'])
  } else {
    assert.equal(headers['content-type'], 'application/problem+json')
    assert.deepEqual({ ...error, title: '', detail: '' }, { type: 'about:blank', title: '', status, detail: '', code, request_id: headers['x-request-id'], errors: [] })
    assert.ok(error.title && error.detail)
  }
}

async function checkErrors (expected, code, options = {}) {
  for (const [path, body] of Object.entries(pages)) checkError(path, await ask(path, { body, ...options }), expected, code)
}

/** What is answered to bytes that may be no HTTP. */
async function send (bytes) {
  const socket = connect(port, host)
  socket.end(bytes)
  return await text(socket)
}

for (const [path, body] of Object.entries(pages)) assert.equal((await ask(path, { body })).status, 200, path)
assert.equal(JSON.parse((await ask('/predict', { body: record })).body).prediction, 'setosa')
assert.equal((await call('ModelInfer', input)).model_name, 'iris')
console.log('ok - predictions come through, over HTTP, V1, V2 and gRPC')

const stream = grpc.ModelStreamInfer()
for (const id of ['1', '2']) {
  stream.write({ ...input, id })
  const [{ infer_response: answer, error_message: message }] = await once(stream, 'data')
  assert.equal(answer?.id, id, message)
}
stream.end()
console.log('ok - a gRPC stream is answered while it is open')

const headers = { 'accept-encoding': 'gzip' }
const [page, statistics, infer] = [await ask('/openapi.json', { headers }), await ask('/v2/models/stats', { headers }), await ask('/v2/models/iris/infer', { headers, body: tensors })]
const many = await ask('/v1/models/iris:predict', { headers, body: JSON.stringify({ instances: Array(600).fill([5.1, 3.5, 1.4, 0.2]) }) })
assert.equal(page.headers['content-encoding'], 'gzip')
for (const { headers, body } of [statistics, many]) {
  assert.ok(body.length > 1024, `${body}`)
  assert.equal(headers['content-encoding'], undefined)
  assert.ok(JSON.parse(body))
}
assert.equal(infer.headers['content-encoding'], 'gzip')
console.log('ok - nginx compresses pages and nothing of /v1 and /v2, where the server compresses answers of infer')

const own = await ask('/predict', { body: '{}' })
assert.deepEqual([own.status, own.headers['content-type'], JSON.parse(own.body).code], [400, 'application/problem+json', 'INVALID_REQUEST'])
const unknown = await ask('/v2/models/nobody')
assert.deepEqual([unknown.status, JSON.parse(unknown.body).error.includes('nobody')], [404, true])
await assert.rejects(call('ModelInfer', { ...input, model_name: 'nobody' }), { code: 5 })
console.log("ok - the server's errors pass as they are")

for (const chunked of [false, true]) await checkErrors(413, 'PAYLOAD_TOO_LARGE', { body: tooMuch, chunked })
console.log('ok - 413 for a body over the limit')

await checkErrors(431, 'HEADERS_TOO_LARGE', { headers: { 'x-long': 'x'.repeat(10_000) } })
checkError('/', await ask(`/${'x'.repeat(10_000)}`), 431, 'HEADERS_TOO_LARGE')
for (const bytes of ['no HTTP at all\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) assert.match(await send(bytes), /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"INVALID_HTTP"/s)
checkError('/metrics', await ask('/metrics', { headers: { 'x-request-id': 'mine' } }), 404, 'NOT_FOUND')
assert.equal((await ask('/metrics', { headers: { 'x-request-id': 'mine' } })).headers['x-request-id'], 'mine')
assert.notEqual((await ask('/metrics', { headers: { 'x-request-id': '"' } })).headers['x-request-id'], '"')
console.log('ok - 431, 400 and 404 of nginx, with the request id')

process.kill(SERVER_PID, 'SIGSTOP')
await checkErrors(504, 'DEADLINE_EXCEEDED')
console.log('ok - 504 while the server does not answer')

process.kill(SERVER_PID, 'SIGKILL')
await checkErrors(502, 'SERVER_UNREACHABLE')
await assert.rejects(call('ModelInfer', input), { code: 14, details: /^The server cannot be reached/ })
console.log('ok - 502 while there is no server, UNAVAILABLE over gRPC')

let passed = 0
while ((await ask('/livez')).status !== 429) assert.ok(++passed <= 60, 'a burst ends')
await checkErrors(429, 'TOO_MANY_REQUESTS')
await assert.rejects(call('ServerLive'), { code: 14, details: /too many requests/ })
console.log('ok - 429 after a burst, UNAVAILABLE over gRPC')
grpc.close()
