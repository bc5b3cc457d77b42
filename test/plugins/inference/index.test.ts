import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import type { Tensor } from '../../../codecs/tensor.js'
import { build, makeStore } from '../../helper.js'
import { codeOf, deadlineIn, slowRows } from './lanes.js'

const store = await makeStore(t, { iris: { example: 'iris' }, slow: { zoo: 'slow' } })
// Every body is big enough for a thread, and there is one.
const app = await build(t, { MODEL_STORE: store, DEFAULT_MODEL: 'iris', WORKERS: '1', POOL_PARSE_BYTES: 1 })
const iris = app.models.get('iris')
const slow = app.models.get('slow')

const row = [5.1, 3.5, 1.4, 0.2]
const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const tensor = { name: iris.lane.description.inputs[0]?.name, shape: [1, 4], datatype: 'FP32', data: row }
const requests: [url: string, payload: object][] = [
  ['/predict', record],
  ['/predict/batch', { instances: [row] }],
  ['/models/iris/predict', record],
  ['/models/iris/predict/batch', { instances: [record] }],
  ['/v1/models/iris:predict', { instances: [row] }],
  ['/v2/models/iris/infer', { inputs: [tensor] }]
]

function post (url: string, payload: object, headers: Record<string, string> = {}): Promise<number> {
  return app.inject({ method: 'POST', url, payload, headers }).then(({ statusCode }) => statusCode)
}

t.test('a body that waits for a thread is dropped with its deadline, whatever it was sent to', async (t) => {
  for (const [url, payload] of requests) t.equal(await post(url, payload), 200, url)
  const runs = iris.lane.queue.statistics.executionCount
  const busy = slow.infer(slowRows(300), deadlineIn())
  await delay(5)
  const codes = await Promise.all(requests.map(([url, payload]) => post(url, payload, { 'x-request-timeout-ms': '15' })))
  t.equal(slow.lane.queue.running, 1, 'the thread was busy all the time')
  t.same(codes, requests.map(() => 504))
  await busy
  for (const [url, payload] of requests) t.equal(await post(url, payload), 200, url)
  t.equal(iris.lane.queue.statistics.executionCount, runs + requests.length)
  t.same([...iris.lane.queue.statistics.failures], [], 'none of them ever came as far as the queue of its model')
})

t.test('an answer that nobody waits for is not written', async (t) => {
  const outputs = (): Tensor[] => [{ name: 'label', type: 'int64', dims: [1], data: BigInt64Array.of(0n) }]
  const request = { inputs: [], outputs: [{ name: 'label', binary: false }] }
  const gone = deadlineIn()
  t.equal(await codeOf(app.oip.encode(iris, request, outputs(), gone)), 'none')
  gone.cancel()
  t.equal(await codeOf(app.oip.encode(iris, request, outputs(), gone)), 'CLIENT_GONE')
})
