import t from 'tap'
import { Journal } from '../../../plugins/inference/journal.js'
import { Statistics } from '../../../plugins/inference/statistics.js'

t.test('answered requests are counted by stage, in seconds', async (t) => {
  const statistics = new Statistics()
  statistics.recordRequest(20, 5, 2)
  statistics.recordRequest(4000, 10, 0.5)
  const { queue, inference, total } = statistics.latency
  t.same([queue.count, inference.count, total.count], [2, 2, 2])
  t.equal(queue.sum, 0.015)
  t.equal(inference.sum, 0.0025)
  t.equal(total.sum, 4.02)
  t.same(statistics.success, { count: 2, ns: 4_020_000_000 })
  t.same(statistics.queue, { count: 2, ns: 15_000_000 })
})

t.test('what happens before the queue and after the run is counted once for a request, however many runs it took', async (t) => {
  const statistics = new Statistics()
  const journal = new Journal()
  journal.read(2, 1)
  for (let row = 0; row < 3; row++) journal.enter('m', '1', 1, statistics)
  journal.leave(1, 4, 100)
  journal.leave(2, 4, 200)
  journal.predictions = [{ prediction: 1, confidence: null }]
  journal.end(208)
  t.equal(journal.predictions, undefined, 'a request that stays in memory keeps no answer')
  const { validate, preprocess, format } = statistics.latency
  t.same([validate, preprocess, format].map(({ count, sum }) => [count, sum]), [[1, 0.002], [1, 0.001], [1, 0.008]])
  t.match(journal, { rows: 3, queueMs: 2, inferenceMs: 8 })
  new Journal().end(208)
  t.equal(format.count, 1, 'what never reached a model is nowhere')
})

t.test('failures are counted by their code and in no histogram', async (t) => {
  const statistics = new Statistics()
  statistics.recordRefusal(Object.assign(new Error('full'), { code: 'QUEUE_FULL' }))
  statistics.recordRefusal(Object.assign(new Error('full'), { code: 'QUEUE_FULL' }))
  statistics.recordFailure(new Error('?'), 3)
  t.same([...statistics.failures], [['QUEUE_FULL', 2], ['INTERNAL_ERROR', 1]])
  t.same(statistics.fail, { count: 1, ns: 3_000_000 }, 'a request that was not admitted is none that failed')
  t.equal(statistics.latency.total.count, 0)
})

t.test('runs are counted by their rows', async (t) => {
  const statistics = new Statistics()
  statistics.recordRun(3, 2, 0.1, 1, 0.2)
  statistics.recordRun(5000, 1, 0.1, 1, 0.2)
  t.equal(statistics.inferenceCount, 5003)
  t.equal(statistics.executionCount, 2)
  t.equal(statistics.runRows.sum, 5003)
  t.same([...statistics.batches.keys()], [3], 'sizes beyond all reason are not remembered one by one')
})
