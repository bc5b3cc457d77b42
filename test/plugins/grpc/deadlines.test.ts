import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:http2'
import type { MethodDefinition } from '@grpc/grpc-js'
import t from 'tap'
import { hold, makeStore, until } from '../../helper.js'
import { Client, inferenceService, irisRequest, serve, type Message } from './client.js'

const [CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE] = [1, 4, 14]

const store = await makeStore(t, {
  iris: { example: 'iris' },
  patient: { example: 'iris', config: { queue: { max_rows: 12, timeout_ms: 3_600_000 } } }
})
const app = await serve(t, { MODEL_STORE: store })
const client = new Client(t, app)
const queue = hold(app, 'patient')

function patientRequest (rows: number, more: Message = {}): Message {
  return irisRequest(Array.from({ length: rows }, () => [1, 2, 3, 4]), { model_name: 'patient', ...more })
}

t.test('a call whose deadline passes while it waits never runs', async (t) => {
  t.match(await client.fail('ModelInfer', patientRequest(7), { deadline: Date.now() + 500 }), { code: DEADLINE_EXCEEDED })
  // What comes after it on the same connection tells that the call itself is not on its way any more.
  await client.call('ServerLive')
  await until(() => queue.rowsWaiting === 0)
  t.equal(queue.statistics.executionCount, 0)
})

t.test('a cancelled call leaves the queue', async (t) => {
  let cancel = () => {}
  const waiting = client.call('ModelInfer', patientRequest(9), { onCall: (call) => { cancel = () => call.cancel() } })
  await until(() => queue.rowsWaiting === 9)
  cancel()
  await t.rejects(waiting, { code: CANCELLED })
  await until(() => queue.rowsWaiting === 0)
  t.equal(queue.statistics.executionCount, 0)
})

t.test('a connection that breaks takes its calls out of the queue', async (t) => {
  const { path, requestSerialize } = inferenceService.ModelInfer as MethodDefinition<Message, Message>
  const message = requestSerialize(patientRequest(9))
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.byteLength, 1)
  const session = connect(`http://127.0.0.1:${app.grpc.port}`)
  session.on('error', () => {})
  const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
  call.on('error', () => {})
  call.end(Buffer.concat([prefix, message]))
  await until(() => queue.rowsWaiting === 9)
  session.destroy()
  await until(() => queue.rowsWaiting === 0)
  t.equal(queue.statistics.executionCount, 0)
})

t.test('a full queue is UNAVAILABLE', async (t) => {
  let cancel = () => {}
  const waiting = client.call('ModelInfer', patientRequest(11), { onCall: (call) => { cancel = () => call.cancel() } })
  await until(() => queue.rowsWaiting === 11)
  t.match(await client.fail('ModelInfer', patientRequest(2)), { code: UNAVAILABLE, details: /queue of model 'patient' is full/ })
  cancel()
  await t.rejects(waiting, { code: CANCELLED })
})

t.test('the timeout parameter counts in microseconds', async (t) => {
  const failed = await client.fail('ModelInfer', patientRequest(1, { parameters: { timeout: { int64_param: '20000' } } }))
  t.match(failed, { code: DEADLINE_EXCEEDED, details: /20 ms/ })
})

t.test('the limit of the server holds without a deadline, and with one that the library cannot count', async (t) => {
  const app = await serve(t, { MODEL_STORE: store, REQUEST_TIMEOUT_MS: 150 })
  hold(app, 'patient')
  const client = new Client(t, app)
  for (const deadline of [undefined, Date.now() + 3e9]) {
    const failed = await client.fail('ModelInfer', patientRequest(1), deadline === undefined ? {} : { deadline })
    t.match(failed, { code: DEADLINE_EXCEEDED, details: /150 ms/ })
  }
})

t.test('a deadline of any length is one', async (t) => {
  for (const seconds of [3600, 2 ** 31 / 1000, 2.2e6, 3e6, 4.2e6, 4.3e6, 1e7, 9e7]) {
    const response = await client.call('ModelInfer', irisRequest(), { deadline: Date.now() + seconds * 1000 })
    t.match(response, { model_name: 'iris' }, `${seconds} s`)
  }
  // Longer than the library's timer takes to end a call whose deadline it takes for past.
  let cancel = () => {}
  const waiting = client.call('ModelInfer', patientRequest(3), { deadline: Date.now() + 3e9, onCall: (call) => { cancel = () => call.cancel() } })
  await until(() => queue.rowsWaiting === 3)
  await delay(50)
  t.equal(queue.rowsWaiting, 3)
  cancel()
  await t.rejects(waiting, { code: CANCELLED })
})

t.test('a call with a past deadline disturbs nobody', async (t) => {
  t.equal((await client.fail('ModelInfer', irisRequest(), { deadline: Date.now() - 1000 })).code, DEADLINE_EXCEEDED)
  t.match(await client.call('ModelInfer', irisRequest()), { model_name: 'iris' })
})
