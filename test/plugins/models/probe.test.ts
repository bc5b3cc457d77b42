import t from 'tap'
import { InputReader } from '../../../codecs/records/prediction-input.js'
import { DeadlineExceededError, InferenceError, WorkerLostError } from '../../../errors.js'
import type { Lane } from '../../../plugins/inference/index.js'
import { ModelQueue } from '../../../plugins/inference/queue.js'
import { probe } from '../../../plugins/models/probe.js'
import { addModel, build } from '../../helper.js'
import { column, deadlineIn, generous, values } from '../inference/lanes.js'

const equalRows = { columns: ['a', 'b'], rows: [[1, 2], [1, 2], [1, 2]] }

const store = t.testdir()
for (const name of ['batch-mean', 'torch-fixed-batch-of-1', 'identity-int64', 'identity-bool', 'identity-string', 'digits-convolution', 'fails-on-13', 'several-outputs']) {
  await addModel(store, name, { zoo: name })
}
await addModel(store, 'iris', { example: 'iris' })
await addModel(store, 'template-rf', { example: 'template-rf' })
await addModel(store, 'equal-rows', { zoo: 'batch-mean', files: { 'background.json': equalRows, 'metadata.json': { schema: 1, features: [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'numeric' }] } } })
await addModel(store, 'one-by-one', { zoo: 'fails-on-13', config: { batching: { max_rows: 1 } } })
// Every input is handed over, as those of image models are.
const app = await build(t, { MODEL_STORE: store, TRANSFER_BYTES: 1, WORKERS: '1' })

t.test('models whose rows do not depend on their company are merged', async (t) => {
  for (const name of ['iris', 'template-rf', 'identity-int64', 'identity-bool', 'identity-string', 'digits-convolution', 'fails-on-13', 'several-outputs']) {
    const model = app.models.get(name)
    t.equal(model.unmerged, undefined, name)
    t.ok(model.lane.queue.mergeable, name)
  }
})

t.test('a graph that mixes its rows is not merged, although its shapes would allow it', async (t) => {
  for (const name of ['batch-mean', 'equal-rows']) {
    const model = app.models.get(name)
    t.equal(model.specification.batchable, true)
    t.equal(model.unmerged, 'rows give other answers together than alone', name)
    t.notOk(model.lane.queue.mergeable)
    const alone = await Promise.all([1, 2, 3].map((x) => model.infer([{ name: 'x', type: 'float32', dims: [1, 2], data: Float32Array.of(x, x) }], deadlineIn())))
    t.same(alone.map(values), [[0, 0], [0, 0], [0, 0]], 'everyone is alone')
  }
})

t.test('a graph with a batch of one answers a batch row by row', async (t) => {
  const model = app.models.get('torch-fixed-batch-of-1')
  t.match(model.unmerged, /fixes its first dimension/)
  const row = [5.9, 3.2, 4.8, 1.8]
  const [single] = await model.predict(await model.read({ instances: [row] }, 'instances', false), deadlineIn())
  const batch = await model.predict(await model.read({ instances: [row, [5.1, 3.5, 1.4, 0.2], row] }, 'instances', false), deadlineIn())
  t.equal(batch.length, 3)
  t.same(batch[0], single)
  t.same(batch[2], single)
  t.notSame(batch[1], single)
})

t.test('a client that leaves takes all the rows of its batch along', async (t) => {
  const model = app.models.get('torch-fixed-batch-of-1')
  const runs = model.lane.queue.statistics.executionCount
  const gone = deadlineIn()
  const batch = model.predict(await model.read({ instances: Array.from({ length: 50 }, () => [1, 2, 3, 4]) }, 'instances', false), gone)
  gone.cancel()
  await t.rejects(batch, { code: 'CLIENT_GONE' })
  await model.infer([{ name: 'input', type: 'float32', dims: [1, 4], data: new Float32Array(4) }], deadlineIn())
  t.ok(model.lane.queue.statistics.executionCount <= runs + 2, 'the row that had begun, and this one')
})

t.test('the session is warm and its statistics empty when the first request comes', async (t) => {
  const { queue } = app.models.get('fails-on-13').lane
  t.ok(queue.runMs > 0, 'it has run')
  t.same([queue.statistics.executionCount, queue.statistics.success.count], [0, 0])
})

t.test('max_rows of 1 turns merging off', async (t) => {
  const model = app.models.get('one-by-one')
  const outcomes = await Promise.all([1, 2, 3, 4].map((x) => model.infer(column(x), deadlineIn())))
  t.same(outcomes.map(({ batchRows }) => batchRows), [1, 1, 1, 1])
})

t.test('only a run that the graph itself fails says that it cannot be merged', async (t) => {
  const { artefact, specification } = app.models.get('fails-on-13')
  const reader = new InputReader({ layout: specification.layout, rules: [], limits: { maxRows: 10, batchMax: 10, maxSamples: 2, maxErrors: 10 } })
  const run = (error: Error) => {
    const lane: Pick<Lane, 'submit'> = { submit: async () => { throw error } }
    return probe({ artefact, specification, lane: lane as Lane, reader }, deadlineIn())
  }
  t.match(await run(new InferenceError('a', { cause: new Error('13') })), { unmerged: 'the probe could not be run: 13' })
  await t.rejects(run(new DeadlineExceededError(5)), { code: 'DEADLINE_EXCEEDED' })
  await t.rejects(run(new WorkerLostError()), { code: 'WORKER_LOST' })
})

t.test('the time that requests may wait counts from when the model serves', async (t) => {
  const queue = new ModelQueue('key', 'a', { ...generous, timeoutMs: 1 })
  t.equal(queue.patienceMs, Infinity)
  queue.serve(true)
  t.equal(queue.patienceMs, 1)
})
