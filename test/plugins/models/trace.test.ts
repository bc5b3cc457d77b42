import { readFileSync } from 'node:fs'
import t from 'tap'
import { Journal } from '../../../plugins/inference/journal.js'
import { build } from '../../helper.js'

const { records, scaled, probabilities } = JSON.parse(readFileSync(new URL('../../fixtures/examples/iris.json', import.meta.url), 'utf8'))

function close (got: number[], expected: number[]): boolean {
  return got.length === expected.length && got.every((value, index) => Math.abs(value - (expected[index] ?? NaN)) < 1e-5)
}

t.test('a trace shows the four stages in order with what they hand on', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', TRACE: true })
  const answer = await app.inject({ method: 'POST', url: '/predict?trace=1', payload: records[0] })
  t.equal(answer.statusCode, 200)
  const { trace } = answer.json()
  t.same(trace.map(({ stage, shape }: { stage: string, shape: number[] }) => [stage, shape]), [
    ['Input Parsing', [1, 4]],
    ['Feature Scaling', [1, 4]],
    ['Model Prediction', [1, 3]],
    ['Response Formatting', [1]]
  ])
  t.ok(close(trace[0].value[0], Object.values(records[0])))
  t.ok(close(trace[1].value[0], scaled[0]))
  t.ok(close(trace[2].value[0], probabilities[0]))
  t.same(trace[3].value, ['setosa'])
  for (const { stage, ms } of trace) t.ok(ms > 0, stage)

  t.notOk('trace' in (await app.inject({ method: 'POST', url: '/predict', payload: records[0] })).json())
})

t.test('the run that shows the scaling is no part of what the request took', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', TRACE: true })
  const journal = new Journal()
  const deadline = { at: Infinity, ms: 1000, cancelled: false, journal }
  const model = app.models.get()
  const input = await model.read(records[0], 'record', true)
  const predictions = await model.predict(input, deadline)
  const { answeredAt, inferenceMs } = journal
  await model.trace(await model.read(records[0], 'record', true), predictions, deadline)
  t.match(journal, { answeredAt, inferenceMs })
})

t.test('inputs that are handed over to a thread are traced as well', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', TRACE: true, TRANSFER_BYTES: 1 })
  const answer = await app.inject({ method: 'POST', url: '/predict?trace=1', payload: records.slice(0, 20) })
  t.equal(answer.statusCode, 200)
  const [parsing, scaling] = answer.json().trace
  for (let row = 0; row < 20; row++) {
    t.ok(close(parsing.value[row], Object.values(records[row])))
    t.ok(close(scaling.value[row], scaled[row]))
  }
})

t.test('a record of which each feature is an input of its own is one row of so many columns', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/penguins', TRACE: true })
  const { records: [penguin] } = JSON.parse(readFileSync(new URL('../../fixtures/examples/penguins.json', import.meta.url), 'utf8'))
  const [parsing, scaling] = (await app.inject({ method: 'POST', url: '/predict?trace=1', payload: [penguin, penguin] })).json().trace
  t.same([parsing.shape, scaling.shape], [[2, 10], [2, 14]])
  t.same(parsing.value.island, [[penguin.island], [penguin.island]])
})

t.test('without TRACE there is none', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/diabetes' })
  const answer = await app.inject({ method: 'POST', url: '/predict?trace=1', payload: {} })
  t.equal(answer.statusCode, 400)
  t.match(answer.json(), { code: 'INVALID_REQUEST', errors: [{ path: 'trace', expected: 'one of: 0, false', got: '"1" (string)' }] })
})
