import { once } from 'node:events'
import t from 'tap'
import { hold, makeStore, stopBefore, until } from '../../helper.js'
import { Client, finish, irisRequest, serve, type Message } from './client.js'

const [CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE] = [1, 4, 14]

const store = await makeStore(t, {
  iris: { example: 'iris' },
  patient: { example: 'iris', config: { queue: { timeout_ms: 3_600_000 } } },
  slow: { zoo: 'slow' }
})
const app = await serve(t, { MODEL_STORE: store })
const client = new Client(t, app)
const queue = hold(app, 'patient')

function slowRequest (rows: number): Message {
  return { model_name: 'slow', id: `slow ${rows}`, inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 4] }], raw_input_contents: [Buffer.alloc(rows * 16)] }
}

function collect (stream: ReturnType<Client['stream']>): Message[] {
  const messages: Message[] = []
  stream.on('data', (message: Message) => messages.push(message))
  return messages
}

t.test('answers come in the order of the requests, whatever takes longer', async (t) => {
  const stream = client.stream('ModelStreamInfer')
  const answers = collect(stream)
  stream.write(slowRequest(20))
  for (let id = 0; id < 200; id++) stream.write(irisRequest([[id, 0, 0, 0]], { id: String(id) }))
  stream.end()
  await once(stream, 'end')
  t.same(answers.map(({ infer_response: { id } }) => id), ['slow 20', ...Array.from({ length: 200 }, (_, id) => String(id))])
  t.ok(answers.every(({ error_message: error }) => error === ''))
  t.ok(answers.every(({ infer_response: { raw_output_contents: raws } }) => raws.length > 0))
})

t.test('a request that fails is an error_message, and the stream goes on', async (t) => {
  const stream = client.stream('ModelStreamInfer')
  const answers = collect(stream)
  stream.write({ model_name: 'nobody', id: 'a' })
  stream.write(irisRequest(undefined, { id: 'b', raw_input_contents: [Buffer.alloc(3)] }))
  stream.write(irisRequest(undefined, { id: 'c' }))
  await until(() => answers.length === 3)
  t.match(answers, [
    { error_message: /no model 'nobody'/, infer_response: { id: 'a', outputs: [] } },
    { error_message: /byte size mismatch/, infer_response: { id: 'b', outputs: [] } },
    { error_message: '', infer_response: { id: 'c', outputs: [{ name: 'label' }, {}] } }
  ])
  stream.write(irisRequest(undefined, { id: 'd' }))
  await until(() => answers.length === 4)
  stream.end()
  t.equal(await finish(stream), 0)
})

t.test('a stream may be used one request at a time and ends when the client has no more', async (t) => {
  const stream = client.stream('ModelStreamInfer')
  for (let id = 0; id < 5; id++) {
    stream.write(irisRequest(undefined, { id: String(id) }))
    const [answer] = await once(stream, 'data')
    t.equal(answer.infer_response.id, String(id))
  }
  stream.end()
  stream.resume()
  await once(stream, 'end')
})

t.test('when the client leaves, what waits is dropped', async (t) => {
  const stream = client.stream('ModelStreamInfer')
  for (let id = 0; id < 20; id++) stream.write(irisRequest(undefined, { model_name: 'patient' }))
  await until(() => queue.rowsWaiting === 20)
  stream.cancel()
  t.equal(await finish(stream), CANCELLED)
  await until(() => queue.rowsWaiting === 0)
  t.equal(queue.statistics.executionCount, 0)
})

t.test('a deadline of the stream ends it and drops what waits', async (t) => {
  const stream = client.stream('ModelStreamInfer', { deadline: Date.now() + 500 })
  for (let id = 0; id < 20; id++) stream.write(irisRequest(undefined, { model_name: 'patient' }))
  t.equal(await finish(stream), DEADLINE_EXCEEDED)
  await until(() => queue.rowsWaiting === 0)
  t.equal(queue.statistics.executionCount, 0)
})

t.test('a client that reads no answers is not read from without end', async (t) => {
  const stream = client.stream('ModelStreamInfer')
  const before = app.metrics.predictions.count
  for (let id = 0; id < 20_000; id++) stream.write(irisRequest(undefined, { id: String(id) }))
  stream.end()
  await until(() => app.metrics.predictions.count > before + 64)
  const answers = collect(stream)
  await once(stream, 'end')
  t.same(answers.map(({ infer_response: { id } }) => Number(id)), Array.from({ length: 20_000 }, (_, id) => id))
})

t.test('on close a stream gets the answers it waits for, then UNAVAILABLE', async (t) => {
  const app = await serve(t, { MODEL_STORE: store })
  const client = new Client(t, app)
  const idle = client.stream('ModelStreamInfer')
  const busy = client.stream('ModelStreamInfer')
  const answers = collect(busy)
  const statuses = [idle, busy].map(finish)
  const stop = stopBefore(app, 'slow')
  idle.write(irisRequest())
  busy.write(slowRequest(1))
  await Promise.all([once(idle, 'data'), stop.reached])
  const closing = app.close()
  stop.release()
  await closing
  t.same(await Promise.all(statuses), [UNAVAILABLE, UNAVAILABLE])
  t.match(answers, [{ error_message: '', infer_response: { id: 'slow 1' } }])
})
