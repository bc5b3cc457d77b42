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
  'missing-input': { cases: [{ input: {}, expect: { prediction: 0 } }] },
  'unknown-input': { cases: [{ input: { ...record, petals: 5 }, expect: { prediction: 0 } }] },
  'one-too-many': { cases: [{ input: record, expect: { prediction: 0, probabilities: [0.9464847, 0.052258398, 0.001256902, 0] } }] },
  tolerant: { tolerance: 0.1, cases: [{ input: record, expect: { prediction: 0, probabilities: [0.9, 0.1, 0] } }] }
}
for (const [name, suite] of Object.entries(suites)) await addModel(store, name, { example: 'iris', files: { 'tests.json': suite } })
await addModel(store, 'two-versions', { example: 'iris', version: '1' })
await addModel(store, 'two-versions', { example: 'iris', version: '2', files: { 'tests.json': suites['wrong-prediction'] } })
const linear = (input: unknown, expect: object, rules: object[] = []) => ({
  zoo: 'fails-on-13',
  files: { 'tests.json': { cases: [{ input, expect }] }, 'metadata.json': { features: [{ name: 'x', type: 'numeric' }], rules } }
})
await addModel(store, 'no-probabilities', linear([1], { prediction: 21, probabilities: { a: 1 } }))
await addModel(store, 'wrong-row', { zoo: 'linear-regression-3-targets', files: { 'tests.json': { cases: [{ input: [0, 'x', 0], expect: { prediction: 0 } }] } } })
await addModel(store, 'rule', linear({ x: 5 }, { prediction: 25 }, [{ message: 'too big', logic: { '<': [{ var: 'x' }, 2] } }]))
await addModel(store, 'no-metadata', { zoo: 'linear-regression-3-targets', files: { 'tests.json': { cases: [{ input: [0, 0, 0], expect: { prediction: [0, 0, 0] } }] } } })
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
  t.equal(reasonOf('wrong-prediction'), 'wrong-prediction/1/tests.json: cases[1].expect.prediction: expected 2, got 0')
  t.equal(reasonOf('wrong-name'), 'wrong-name/1/tests.json: cases[0].expect.prediction: expected "virginica", got 0')
  t.match(reasonOf('wrong-probability'), /^wrong-probability\/1\/tests\.json: cases\[0\]\.expect\.probabilities\.setosa: expected 0\.94, got 0\.9464\d+$/)
  t.match(reasonOf('missing-class'), /^missing-class\/1\/tests\.json: cases\[0\]\.expect\.probabilities\.versicolor: expected nothing, got 0\.0522\d+$/)
  t.match(reasonOf('one-too-many'), /^one-too-many\/1\/tests\.json: cases\[0\]\.expect\.probabilities\.3: expected 0, got nothing$/)
  t.match(reasonOf('no-probabilities'), /^no-probabilities\/1\/tests\.json: cases\[0\]\.expect\.probabilities: expected \{"a":1\}, got nothing$/)
  t.match(reasonOf('no-metadata'), /^no-metadata\/1\/tests\.json: cases\[0\]\.expect\.prediction\[0\]: expected 0, got -?\d/)
})

t.test('an input that a request could not send either is named by its field', async (t) => {
  t.equal(reasonOf('wrong-input'), 'wrong-input/1/tests.json: cases[0].input.sepal_length: must be a number from 0 to 30, got "long" (string)')
  t.match(reasonOf('missing-input'), /^missing-input\/1\/tests\.json: cases\[0\]\.input\.sepal_length: is required, got nothing$/)
  t.match(reasonOf('unknown-input'), /^unknown-input\/1\/tests\.json: cases\[0\]\.input\.petals: is not a feature of this model/)
  t.match(reasonOf('wrong-row'), /^wrong-row\/1\/tests\.json: cases\[0\]\.input\[1\]: must be a number/)
  t.match(reasonOf('rule'), /^rule\/1\/tests\.json: cases\[0\]\.input: too big$/)
})

t.test('nothing that failed its tests serves', async (t) => {
  for (const name of ['wrong-prediction', 'wrong-probability']) t.throws(() => app.models.get(name), { code: 'MODEL_NOT_READY' })
})

t.test('the next lower version serves in its place', async (t) => {
  t.equal(app.models.get('two-versions').version, '1')
  t.match(app.models.describe(app.models.entry('two-versions')).versions, [{ version: '2', state: 'UNAVAILABLE', reason: /tests\.json/ }, { version: '1', state: 'READY' }])
})
