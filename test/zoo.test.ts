import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { build, makeStore, typedInstance, zooPath, type Ingredients } from './helper.js'

const zoo = join(import.meta.dirname, 'fixtures/zoo')
const names = readdirSync(zoo).filter((name) => name !== 'broken')

type Value = number | string | boolean

interface Expected {
  rows: ((Value | null)[] | Record<string, Value | null>)[]
  outputs: Record<string, { type: string, dims: number[], data: Value[] }>
  prediction: unknown[] | null
  probabilities: number[][] | null
}

function read (name: string): Expected {
  const expected = readFileSync(join(zoo, name, 'expected.json'), 'utf8')
  const { rows }: Expected = JSON.parse(expected, (_, value) => value === 'NaN' ? null : value)
  return { ...JSON.parse(expected), rows }
}

/** Whose answers are looked at by themselves. */
const special = new Set(['not-finite', 'batch-mean', 'stuck', 'two-targets-forest'])
/** Nothing in these files says that their numbers are classes. */
const untold = new Set(['torch-logits', 'wide-network', 'two-targets-sequence'])

/** Whether an answer is the expected one; numbers agree to 1e-5 of their size, which is what float32 leaves. */
function agree (found: unknown, wanted: unknown): boolean {
  if (typeof found === 'number' && typeof wanted === 'number') return Math.abs(found - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted))
  if (Array.isArray(found) && Array.isArray(wanted)) return found.length === wanted.length && found.every((value, index) => agree(value, wanted[index]))
  if (isObject(found) && isObject(wanted)) return Object.keys({ ...found, ...wanted }).every((key) => agree(found[key], wanted[key]))
  return found === wanted
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Row `index` of each output, as the answer of a model without a task holds it. */
function outputsOf ({ outputs, rows }: Expected, index: number): Record<string, Value | Value[]> {
  return Object.fromEntries(Object.entries(outputs).map(([name, { dims, data }]) => {
    const size = data.length / rows.length
    const row = data.slice(index * size, (index + 1) * size)
    return [name, dims.length === 1 ? row[0] ?? 0 : row]
  }))
}

t.test('models of every kind answer as their own libraries do', async (t) => {
  const store = await makeStore(t, Object.fromEntries(names.map((name): [string, Ingredients] => [name, { zoo: name }])))
  const app = await build(t, { MODEL_STORE: store, LOAD_LIMIT_MS: 120_000 })
  const post = async (url: string, payload: object) => await app.inject({ method: 'POST', url, payload })
  const { models } = (await app.inject('/models')).json()
  t.same(models.map(({ name, versions }: { name: string, versions: { state: string, reason: string }[] }) => [name, versions[0]?.state, versions[0]?.reason]), names.map((name) => [name, 'READY', '']))

  // Their outputs are not finite, or mean something for a whole batch only: further down.
  for (const name of names.filter((name) => !special.has(name))) {
    await t.test(name, async (t) => {
      const expected = read(name)
      const batch = await post(`/models/${name}/predict/batch`, { instances: expected.rows.map((row) => typedInstance(app, name, row)) })
      if (!t.equal(batch.statusCode, 200, batch.body.slice(0, 300))) return
      const { predictions, count } = batch.json()
      t.equal(count, expected.rows.length)
      const [{ class_names: classes }] = models.find((model: { name: string }) => model.name === name).versions
      for (const [index, row] of expected.rows.entries()) {
        const answer = predictions[index]
        const wanted = expected.prediction?.[index] ?? outputsOf(expected, index)
        t.ok(agree(answer.prediction, untold.has(name) ? outputsOf(expected, index) : wanted), `row ${index}: ${JSON.stringify(answer.prediction)} is ${JSON.stringify(wanted)}`)
        const shares = expected.probabilities?.[index]
        if (shares !== undefined && !untold.has(name)) {
          t.ok(agree(classes.map((name: string) => answer.probabilities[name]), shares), `row ${index}: ${JSON.stringify(answer.probabilities)} is ${JSON.stringify(shares)}`)
          t.ok(Math.abs(Object.values<number>(answer.probabilities).reduce((sum, share) => sum + share, 0) - 1) < 1e-5, `row ${index}: the probabilities sum to 1`)
          t.equal(answer.confidence, answer.probabilities[answer.predicted_class])
        }
        const single = await post(`/models/${name}/predict`, Object(typedInstance(app, name, row)))
        const { model, model_version: version, request_id: _id, ...alone } = single.json()
        t.equal(single.statusCode, 200)
        t.same([model, version], [name, '1'])
        t.ok(agree(alone, answer), `row ${index} alone`)
      }
    })
  }

  await t.test('a label for each of two targets comes with the outputs of its own row', async (t) => {
    const { rows, outputs } = read('two-targets-forest')
    const { predictions } = (await post('/models/two-targets-forest/predict/batch', { instances: rows })).json()
    for (const [index, { prediction }] of predictions.entries()) {
      t.same(prediction.label, outputs.label?.data.slice(2 * index, 2 * index + 2))
      const shares = [0, 1].map((target) => [outputs.probabilities?.data.slice((target * rows.length + index) * 2, (target * rows.length + index) * 2 + 2)])
      t.ok(agree(prediction.probabilities, shares), `row ${index}: ${JSON.stringify(prediction.probabilities)} is ${JSON.stringify(shares)}`)
    }
  })

  await t.test('a graph without a batch dimension takes its one input by name', async (t) => {
    const { rows: [n], outputs } = read('stuck')
    const answer = await post('/models/stuck/predict', { n })
    t.equal(answer.statusCode, 200, answer.body)
    t.ok(agree(answer.json().prediction, outputs.total?.data[0]), answer.body)
  })

  await t.test('a prediction that is no finite number is a failure of the model and of that request alone', async (t) => {
    const { rows } = read('not-finite')
    const answers = await Promise.all(rows.map(async (row) => await post('/models/not-finite/predict', Object(typedInstance(app, 'not-finite', row)))))
    t.same(answers.map(({ statusCode }) => statusCode), [200, 200, 500, 500])
    t.equal(answers[2]?.json().code, 'NON_FINITE_PREDICTION')
    t.equal(answers[2]?.json().detail, "Model 'not-finite' gave a prediction that is not a finite number")
    const batch = await post('/models/not-finite/predict/batch', { instances: rows.map((row) => typedInstance(app, 'not-finite', row)) })
    t.equal(batch.statusCode, 500)
    t.notMatch(batch.body, /NaN|null|Infinity/)
  })

  await t.test('rows that depend on their company get the answer of the batch they were sent in', async (t) => {
    const { rows, outputs } = read('batch-mean')
    const { predictions } = (await post('/models/batch-mean/predict/batch', { instances: rows })).json()
    t.same(predictions.flatMap(({ prediction }: { prediction: { y: number[] } }) => prediction.y), outputs.y?.data)
    const alone = await Promise.all(rows.map(async (row) => (await post('/models/batch-mean/predict', { features: row })).json().prediction.y))
    t.same(alone, rows.map(() => [0, 0]), 'requests that wait together are never merged')
  })
})

t.test('metadata says what the numbers of a bare network mean', async (t) => {
  const outputs = { logits: 'output' }
  const store = await makeStore(t, { network: { zoo: 'torch-logits', files: { 'metadata.json': { schema: 1, task: 'MULTICLASS_CLASSIFICATION', class_names: ['a', 'b', 'c'], outputs } } } })
  const app = await build(t, { MODEL_STORE: store })
  const { rows, prediction, probabilities } = read('torch-logits')
  const { predictions } = (await app.inject({ method: 'POST', url: '/predict/batch', payload: { instances: rows } })).json()
  for (const [index, answer] of predictions.entries()) {
    t.equal(answer.predicted_class, ['a', 'b', 'c'][Number(prediction?.[index])])
    t.ok(agree(['a', 'b', 'c'].map((name) => answer.probabilities[name]), probabilities?.[index]))
  }
})

t.test('what cannot be served is listed with its file and its fault while the others serve', async (t) => {
  const broken = readdirSync(join(zoo, 'broken'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const store = await makeStore(t, Object.fromEntries([
    ...broken.map((name): [string, Ingredients] => [name, { zoo: `broken/${name}` }]),
    ['bad-json', { zoo: 'random-forest', files: { 'metadata.json': '{"schema": 1,' } }],
    ['bad-tests', { zoo: 'random-forest', files: { 'tests.json': { tolerance: 1e-4, cases: [{ input: [5.1, 3.5, 1.4, 0.2], expect: { prediction: 2 } }] } } }],
    ['four-columns', { zoo: 'random-forest', files: { 'metadata.json': { schema: 1, features: [{ name: 'only', type: 'numeric' }] } } }],
    ['odd-key', { zoo: 'random-forest', config: { batchign: {} } }],
    ['iris', { example: 'iris' }]
  ]))
  for (const name of broken) cpSync(join(zoo, 'broken/escape.bin'), join(store, name, 'escape.bin'))
  writeFileSync(join(store, 'pickled.pkl'), 'pickle')
  cpSync(zooPath('broken/truncated'), join(store, 'bare.onnx'))
  const app = await build(t, { MODEL_STORE: store })
  const { models, refused } = (await app.inject('/models')).json()
  const reasons = new Map<string, string>(models.map(({ name, reason, versions }: { name: string, reason: string, versions: { state: string, reason: string }[] }) => [name, versions[0]?.reason || reason]))
  const faults: Record<string, RegExp> = {
    bfloat16: /model\.onnx: .*element type 16/,
    empty: /model\.onnx.*empty/,
    'external-absolute': /^external-absolute\/1\/model\.onnx: external data '.*' leaves/,
    'external-escape': /^external-escape\/1\/model\.onnx: external data '\.\.\/escape\.bin' leaves/,
    'external-missing': /model\.onnx: .*weights\.bin/,
    'external-symlink': /^external-symlink\/1\/model\.onnx: external data 'weights\.bin' leaves/,
    pickle: /model\.onnx.*pickle/,
    text: /model\.onnx.*not an ONNX/,
    truncated: /model\.onnx.*truncated/,
    'unknown-operator': /^unknown-operator\/1\/model\.onnx: Load model from model\.onnx failed.*Wizardry/,
    'bad-json': /metadata\.json/,
    'bad-tests': /tests\.json.*cases/,
    'four-columns': /metadata\.json.*features/,
    'odd-key': /model\.json.*batchign/,
    bare: /^bare\.onnx: .*truncated/
  }
  t.same([...reasons.keys()].sort(), [...Object.keys(faults), 'iris'].sort())
  for (const [name, fault] of Object.entries(faults)) t.match(reasons.get(name), fault, name)
  t.equal(reasons.get('iris'), '')
  t.match(refused, [{ entry: 'pickled.pkl', reason: /^pickled\.pkl: .*ONNX/ }])
  t.notMatch(JSON.stringify(models), store, 'no path of the machine is shown')

  for (const name of Object.keys(faults)) {
    const answer = await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: {} })
    t.same([answer.statusCode, answer.json().code, answer.headers['retry-after']], [503, 'MODEL_NOT_READY', '1'], name)
  }
  t.equal((await app.inject({ method: 'POST', url: '/models/iris/predict', payload: { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 } })).statusCode, 200)
  t.equal((await app.inject('/ready')).statusCode, 200)
})
