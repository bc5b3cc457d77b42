import t from 'tap'
import { addModel, build } from '../../helper.js'
import { deadlineIn } from '../inference/lanes.js'

const store = t.testdir()
const record = { sepal_length: 4.6, sepal_width: 3.1, petal_length: 1.5, petal_width: 0.2 }
const right = { input: record, expect: { prediction: 0, probabilities: { setosa: 0.9464847, versicolor: 0.052258398, virginica: 0.001256902 } } }
const suites: Record<string, unknown> = {
  passes: { tolerance: 1e-6, cases: [right, { input: record, expect: { prediction: 'setosa', probabilities: [0.9464847, 0.052258398, 0.001256902] } }] },
  'wrong-prediction': { cases: [right, { input: record, expect: { prediction: 2 } }] },
  'wrong-name': { cases: [{ input: record, expect: { prediction: 'virginica' } }] },
  'wrong-probability': { cases: [{ input: record, expect: { prediction: 0, probabilities: { setosa: 0.94, versicolor: 0.058743098, virginica: 0.001256902 } } }] },
  'missing-class': { cases: [{ input: record, expect: { prediction: 0, probabilities: { setosa: 0.9464847 } } }] },
  'wrong-input': { cases: [{ input: { ...record, sepal_length: 'long' }, expect: { prediction: 0 } }] },
  tolerant: { tolerance: 0.1, cases: [{ input: record, expect: { prediction: 0, probabilities: [0.9, 0.1, 0] } }] }
}
for (const [name, suite] of Object.entries(suites)) await addModel(store, name, { example: 'iris', files: { 'tests.json': suite } })
await addModel(store, 'two-versions', { example: 'iris', version: '1' })
await addModel(store, 'two-versions', { example: 'iris', version: '2', files: { 'tests.json': suites['wrong-prediction'] } })
await addModel(store, 'no-metadata', { zoo: 'linear-regression-3-targets', files: { 'tests.json': { cases: [{ input: [0, 0], expect: { prediction: [0, 0, 0] } }] } } })
const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })

function reasonOf (name: string): string {
  return app.models.describe(app.models.entry(name)).versions.map(({ reason }) => reason).join()
}

t.test('a version that reproduces its tests serves', async (t) => {
  for (const name of ['passes', 'tolerant']) {
    const model = app.models.get(name)
    t.match(await model.predict(await model.read(record, 'record', true), deadlineIn()), [{ prediction: 0, predicted_class: 'setosa' }])
  }
})

t.test('a version that does not is kept out, with the case that differs', async (t) => {
  t.equal(reasonOf('wrong-prediction'), 'tests.json: cases[1]: expected prediction 2, got 0')
  t.equal(reasonOf('wrong-name'), 'tests.json: cases[0]: expected prediction "virginica", got 0')
  t.match(reasonOf('wrong-probability'), /^tests\.json: cases\[0\]: expected probabilities \{"setosa":0\.94,.*\}, got \{"setosa":0\.946/)
  t.match(reasonOf('missing-class'), /^tests\.json: cases\[0\]: expected probabilities/)
  t.match(reasonOf('wrong-input'), /^tests\.json: cases\[0\]: .*sepal_length/)
  t.match(reasonOf('no-metadata'), /^tests\.json: cases\[0\]: /)
  for (const name of ['wrong-prediction', 'wrong-probability']) t.throws(() => app.models.get(name), { code: 'MODEL_NOT_READY' })
})

t.test('the next lower version serves in its place', async (t) => {
  t.equal(app.models.get('two-versions').version, '1')
  t.match(app.models.describe(app.models.entry('two-versions')).versions, [{ version: '2', state: 'UNAVAILABLE', reason: /tests\.json/ }, { version: '1', state: 'READY' }])
})
