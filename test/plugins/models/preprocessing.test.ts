import t from 'tap'
import type { Tensor } from '../../../codecs/tensor.js'
import type { Inference, Lane } from '../../../plugins/inference/index.js'
import { ModelQueue } from '../../../plugins/inference/queue.js'
import { Outcome } from '../../../plugins/inference/request.js'
import { Preprocessing } from '../../../plugins/models/preprocessing.js'
import type { ModelRef } from '../../../workers/contract.js'

const deadline = { at: Infinity, ms: 1000, cancelled: false }
const queue = { maxRows: 8, maxDelayUs: 0, queueRows: 8, timeoutMs: 1000 }
const inputs: Tensor[] = [{ name: 'x', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) }]

/** Threads that answer every run with its input doubled, as the tensor `scaled`. */
function fakeInference ({ tensor = 'scaled', failures = 0 } = {}) {
  const opened: ModelRef[] = []
  const queues: ModelQueue[] = []
  const runs: number[] = []
  let closed = 0
  const inference: Pick<Inference, 'open'> = {
    async open (model, name, options) {
      opened.push(model)
      if (opened.length <= failures) throw new Error('the file cannot be read')
      const submit = async ([input]: Tensor[], rows: number): Promise<Outcome> => {
        runs.push(rows)
        const outputs = input === undefined ? [] : [{ ...input, name: tensor, data: (input.data as Float32Array).map((value) => value * 2) }]
        return new Outcome(outputs, 0, rows, rows, 0, 1)
      }
      const queue = new ModelQueue(model.key, name, options)
      queues.push(queue)
      const lane: Pick<Lane, 'queue' | 'submit' | 'close'> = { queue, submit, close: async () => { closed++ } }
      return lane as Lane
    }
  }
  return { inference: inference as Inference, opened, queues, runs, closed: () => closed }
}

function preprocess (inference: Inference, batchable = true): Preprocessing {
  return new Preprocessing({ inference, model: { path: '/m/model.onnx', folder: '/m', sha256: 'abc' }, name: 'm', tensor: 'scaled', batchable, queue })
}

t.test('the file is opened once, with its tensor, when it is first asked for', async (t) => {
  const fake = fakeInference()
  const preprocessing = preprocess(fake.inference)
  t.equal(fake.opened.length, 0)
  const [first] = await Promise.all([preprocessing.run(inputs, 2, deadline), preprocessing.run(inputs, 2, deadline)])
  t.same(first, { rows: [[2, 4], [6, 8]], shape: [2, 2], runMs: 1 })
  t.match(fake.opened, [{ path: '/m/model.onnx', sha256: 'abc', taps: ['scaled'] }])
  t.equal(fake.opened.length, 1)
  t.same(fake.queues.map(({ patienceMs }) => patienceMs), [queue.timeoutMs], 'as clients wait for the model itself')
  await preprocessing.close()
  t.equal(fake.closed(), 1)
  await t.rejects(preprocessing.run(inputs, 2, deadline), { message: 'model m is closed' })
})

t.test('a model that was never asked has nothing to close', async (t) => {
  const fake = fakeInference()
  await preprocess(fake.inference).close()
  t.equal(fake.opened.length, 0)
  t.equal(fake.closed(), 0)
})

t.test('a graph with a fixed first dimension is shown row by row', async (t) => {
  const fake = fakeInference()
  t.same(await preprocess(fake.inference, false).run(inputs, 2, deadline), { rows: [[2, 4], [6, 8]], shape: [2, 2], runMs: 2 })
  t.same(fake.runs, [1, 1])
})

t.test('row by row no more are asked for at once than the queue holds', async (t) => {
  const fake = fakeInference()
  const rows = 20
  let waiting = 0
  let most = 0
  const open: Inference['open'] = async (...options) => {
    const lane = await fake.inference.open(...options)
    const submit: Lane['submit'] = async (...request) => {
      most = Math.max(most, ++waiting)
      return await lane.submit(...request).finally(() => { waiting-- })
    }
    return { ...lane, submit }
  }
  const many: Tensor[] = [{ name: 'x', type: 'float32', dims: [rows, 1], data: Float32Array.from({ length: rows }, (_, row) => row) }]
  const shown = await preprocess({ ...fake.inference, open }, false).run(many, rows, deadline)
  t.same(shown.rows, Array.from({ length: rows }, (_, row) => [2 * row]))
  t.equal(most, queue.queueRows)
})

t.test('a file that could not be opened is tried again', async (t) => {
  const fake = fakeInference({ failures: 1 })
  const preprocessing = preprocess(fake.inference)
  await t.rejects(preprocessing.run(inputs, 2, deadline), { message: 'the file cannot be read' })
  t.equal((await preprocessing.run(inputs, 2, deadline)).rows.length, 2)
})

t.test('a run without the tensor is an error', async (t) => {
  const fake = fakeInference({ tensor: 'other' })
  await t.rejects(preprocess(fake.inference).run(inputs, 2, deadline), { message: "model m gave no tensor 'scaled'" })
})
