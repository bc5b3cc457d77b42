import { once } from 'node:events'
import { connect } from 'node:net'
import { loadSync } from '@grpc/proto-loader'
import t from 'tap'
import { create, hold, makeStore, start, stopBefore, until } from '../../helper.js'
import { Client, finish, healthService, inferenceService, irisRequest, readService, serve, type Message } from './client.js'

const [OK, INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED] = [0, 3, 5, 8, 12]

const store = await makeStore(t, {
  iris: { example: 'iris', config: { queue: { max_rows: 1_000_000 } } },
  patient: { example: 'iris', config: { queue: { timeout_ms: 3_600_000 } } },
  slow: { zoo: 'slow' }
})

/** The service with messages as bytes, for those that no client would write. */
const bytesService = Object.fromEntries(Object.entries(inferenceService).map(([name, method]) => [name, { ...method, requestSerialize: (bytes: Buffer) => bytes }]))

function slowRequest (rows: number): Message {
  return { model_name: 'slow', inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 4] }], raw_input_contents: [Buffer.alloc(rows * 16)] }
}

t.test('the port is open only when it is asked for', async (t) => {
  const app = await create(t, { MODEL_STORE: store, GRPC_PORT: 0 })
  await start(app)
  t.equal(app.grpc.port, undefined)
  await app.grpc.listen('127.0.0.1')
  t.ok(Number(app.grpc.port) > 0)
  const off = await create(t, { MODEL_STORE: store, GRPC_PORT: -1 })
  await off.grpc.listen('127.0.0.1')
  t.equal(off.grpc.port, undefined)
})

t.test('a port in use is one clear line', async (t) => {
  const first = await serve(t, { MODEL_STORE: store })
  const second = await create(t, { MODEL_STORE: store, GRPC_PORT: Number(first.grpc.port) })
  await t.rejects(second.grpc.listen('127.0.0.1'), { message: `Port ${first.grpc.port} is already in use; set GRPC_PORT to another one, or to -1 for no gRPC` })
})

t.test('whoever comes first waits for the library and is answered', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const rows = Array.from({ length: 20_000 }, (_, row) => [row, 0, 0, 0])
  const clients = Array.from({ length: 8 }, () => new Client(t, app, inferenceService, { 'grpc.use_local_subchannel_pool': 1 }))
  const responses = await Promise.all(clients.flatMap((client) => [client.call('ModelInfer', irisRequest(rows)), client.call('ServerLive')]))
  t.equal(responses.filter(({ live }) => live).length, 8)
  t.ok(responses.filter(({ live }) => !live).every(({ raw_output_contents: raws }) => raws[1].byteLength === rows.length * 12))
})

t.test('garbage disturbs nobody', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const client = new Client(t, app)
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const pieces = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from([0x16, 3, 1, 0, 200, 1]),
    Buffer.alloc(100_000, 0xff),
    preface.subarray(0, 10),
    Buffer.concat([preface, Buffer.alloc(1000, 7)]),
    Buffer.concat([preface, Buffer.from('000000040000000000', 'hex'), Buffer.from('00000a010500000001ffffffffffffffffffff', 'hex')])
  ]
  const infer = () => client.call('ModelInfer', irisRequest())
  const waiting = infer()
  for (const piece of pieces) {
    const socket = connect(Number(app.grpc.port), '127.0.0.1')
    socket.on('error', () => {}).resume()
    socket.end(piece)
    await once(socket, 'close')
    t.match(await infer(), { model_name: 'iris' })
  }
  t.match(await waiting, { model_name: 'iris' })
})

t.test('bytes that are no message are INVALID_ARGUMENT', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const client = new Client(t, app, bytesService)
  for (const method of Object.keys(inferenceService).filter((name) => name !== 'ModelStreamInfer')) {
    t.match(await client.fail(method, Buffer.from('7f', 'hex')), { code: INVALID_ARGUMENT, details: /not a valid message/ }, method)
  }
  const stream = client.stream('ModelStreamInfer')
  stream.write(Buffer.from('7f', 'hex'))
  t.match(await once(stream, 'data'), [{ error_message: /not a valid message/ }])
  stream.end()
  stream.resume()
  t.equal(await finish(stream), OK)
})

t.test('truncated and flipped requests are refused or answered', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const client = new Client(t, app, bytesService)
  const golden = inferenceService.ModelInfer?.requestSerialize(irisRequest(undefined, { id: 'r1' })) ?? Buffer.alloc(0)
  const codes = new Set<number>()
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % below
  }
  for (let round = 0; round < 400; round++) {
    const bytes = Buffer.from(golden.subarray(0, round % 2 === 0 ? golden.byteLength : random(golden.byteLength)))
    if (bytes.byteLength > 0) for (let flips = 1 + random(3); flips > 0; flips--) bytes.writeUInt8(bytes.readUInt8(random(bytes.byteLength)) ^ (1 << random(8)), random(bytes.byteLength))
    codes.add(await client.call('ModelInfer', bytes).then(() => OK, ({ code }) => code))
  }
  t.same([...codes].sort((a, b) => a - b), [OK, INVALID_ARGUMENT, NOT_FOUND])
  t.match(await client.call('ModelInfer', golden), { id: 'r1' })
})

t.test('messages that would grow are refused before they do', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const client = new Client(t, app, bytesService)
  const field = (number: number, body: Buffer) => {
    const head = Buffer.alloc(6)
    head.writeUInt8(number << 3 | 2)
    for (let index = 0; index < 5; index++) head.writeUInt8((body.byteLength >>> 7 * index & 0x7f) | (index < 4 ? 0x80 : 0), index + 1)
    return Buffer.concat([head, body])
  }
  const size = 4 * 1024 * 1024
  const many = (number: number) => Buffer.alloc(size, Buffer.from([number << 3 | 2, 0]))
  const cases: [string, Buffer, RegExp][] = [
    ['empty inputs', many(5), /at most 4096/],
    ['empty outputs', many(6), /at most 4096/],
    ['empty raw entries', many(7), /at most 4096/],
    ['dimensions', field(5, field(3, Buffer.alloc(size, 1))), /at most 4096/],
    ['typed INT64', field(5, field(5, field(3, Buffer.alloc(size, 1)))), /raw_input_contents/],
    ['typed UINT64', field(5, field(5, field(5, Buffer.alloc(size, 1)))), /raw_input_contents/],
    ['typed BYTES', field(5, field(5, many(8))), /raw_input_contents/],
    ['elements that are not packed', field(5, field(5, Buffer.alloc(size, Buffer.from([0x08, 1])))), /raw_input_contents/]
  ]
  for (const [name, bytes, details] of cases) t.match(await client.fail('ModelInfer', bytes), { code: INVALID_ARGUMENT, details }, name)
  t.match(await client.fail('ModelReady', field(1, Buffer.alloc(100_000, 'x'))), { code: INVALID_ARGUMENT })
})

t.test('what is not served is UNIMPLEMENTED', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const { ServerLive } = inferenceService
  for (const name of ['TraceSetting', 'LogSettings', 'SystemSharedMemoryStatus', 'CudaSharedMemoryRegister']) {
    if (ServerLive === undefined) throw new Error('no method to imitate')
    const client = new Client(t, app, { [name]: { ...ServerLive, path: `/inference.GRPCInferenceService/${name}` } })
    t.equal((await client.fail(name)).code, UNIMPLEMENTED, name)
  }
})

t.test('limits hold in both directions, for inflated bytes too', async (t) => {
  const app = await serve(t, { MODEL_STORE: store, BODY_LIMIT: 100_000, GRPC_SEND_LIMIT: 5000 })
  const client = new Client(t, app)
  const rows = (count: number) => irisRequest(Array.from({ length: count }, () => [1, 2, 3, 4]))
  t.match(await client.fail('ModelInfer', rows(7000)), { code: RESOURCE_EXHAUSTED })
  t.match(await client.fail('ModelInfer', rows(1000)), { code: RESOURCE_EXHAUSTED, details: /larger than max/ })
  for (const algorithm of [1, 2]) {
    const compressing = new Client(t, app, inferenceService, { 'grpc.default_compression_algorithm': algorithm })
    t.match(await compressing.fail('ModelInfer', rows(100_000)), { code: RESOURCE_EXHAUSTED })
    t.match(await compressing.call('ModelInfer', rows(100)), { model_name: 'iris' })
  }
  const unlimited = await serve(t, { MODEL_STORE: store })
  t.match(await new Client(t, unlimited).call('ModelInfer', rows(500_000)), { outputs: [{}, { shape: ['500000', '3'] }] })
})

t.test('health follows readiness', async (t) => {
  const app = await create(t, { MODEL_STORE: store, GRPC_PORT: 0 })
  await app.grpc.listen('127.0.0.1')
  const client = new Client(t, app, healthService)
  t.same(await client.call('Check', {}), { status: 'NOT_SERVING' })
  const seen: string[] = []
  const watch = client.stream('Watch', { service: 'inference.GRPCInferenceService' })
  watch.on('data', ({ status }) => seen.push(status))
  await until(() => seen.length === 1)
  await start(app)
  await until(() => seen.length === 2)
  for (const service of ['', 'inference.GRPCInferenceService']) t.same(await client.call('Check', { service }), { status: 'SERVING' })
  t.same(await client.call('List', {}), { statuses: { '': { status: 'SERVING' }, 'inference.GRPCInferenceService': { status: 'SERVING' } } })
  t.match(await client.fail('Check', { service: 'x' }), { code: NOT_FOUND })
  const unknown = client.stream('Watch', { service: 'x' })
  t.same((await once(unknown, 'data'))[0], { status: 'SERVICE_UNKNOWN' })
  unknown.cancel()
  app.models.drain()
  await until(() => seen.length === 3)
  t.same(seen, ['NOT_SERVING', 'SERVING', 'NOT_SERVING'])
  await Promise.all([app.close(), finish(watch)])
})

t.test('reflection lists the services and finds the file of one', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const file = import.meta.resolve('@grpc/reflection').replace(/src\/index\.js$/, 'proto/grpc/reflection/v1/reflection.proto')
  const definition = loadSync(new URL(file).pathname, { keepCase: true, defaults: true, oneofs: true })
  const stream = new Client(t, app, readService(definition, 'grpc.reflection.v1.ServerReflection')).stream('ServerReflectionInfo')
  stream.write({ list_services: '' })
  const [{ list_services_response: { service: services } }] = await once(stream, 'data')
  t.ok(services.some(({ name }: Message) => name === 'inference.GRPCInferenceService'))
  stream.write({ file_containing_symbol: 'inference.GRPCInferenceService' })
  const [{ file_descriptor_response: { file_descriptor_proto: files } }] = await once(stream, 'data')
  t.ok(files.length > 0)
  stream.end()
  stream.resume()
  t.equal(await finish(stream), OK)
})

t.test('on close calls in flight end and new ones are refused', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const client = new Client(t, app)
  await client.call('ServerLive')
  const stop = stopBefore(app, 'slow')
  const call = client.call('ModelInfer', slowRequest(1))
  await stop.reached
  const closing = app.close()
  stop.release()
  t.match(await call, { model_name: 'slow' })
  await closing
  await t.rejects(new Client(t, app).call('ServerLive', {}, { deadline: Date.now() + 2000 }))
})

t.test('what does not end in time is ended', async (t) => {
  const app = await serve(t, { MODEL_STORE: store, SHUTDOWN_TIMEOUT_MS: 200 })
  const queue = hold(app, 'patient')
  const call = new Client(t, app).call('ModelInfer', irisRequest(undefined, { model_name: 'patient' }))
  call.catch(() => {})
  await until(() => queue.rowsWaiting === 1)
  await app.close()
  await t.rejects(call)
  await until(() => queue.rowsWaiting === 0)
})
