import { readFileSync } from 'node:fs'
import t from 'tap'
import { build as buildOn, makeStore, zooPath } from '../helper.js'

type Settings = Parameters<typeof buildOn>[1]
const build = (t: Parameters<typeof buildOn>[0], settings: Settings = {}) => buildOn(t, { WORKERS: '1', ...settings })

const store = new URL('../../model-store/', import.meta.url)
const examples = new URL('../fixtures/examples/', import.meta.url)

function read (place: URL) {
  return JSON.parse(readFileSync(place, 'utf8'))
}

t.test('the info of the iris model is what its files say', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris' })
  const metadata = read(new URL('iris/1/metadata.json', store))
  const answer = await app.inject('/info')
  t.equal(answer.statusCode, 200)
  const info = answer.json()
  t.same(info.metadata.features.map((feature: { name: string, type: string, importance: number }) => [feature.name, feature.type, feature.importance]), metadata.features.map((feature: { name: string, type: string, importance: number }) => [feature.name, feature.type, feature.importance]))
  t.match(info.model, { name: 'iris', version: '1', type: 'LinearClassifier', predictor_type: 'sklearn.linear_model.LogisticRegression', family: 'scikit-learn', task: 'MULTICLASS_CLASSIFICATION', is_explainable: true })
  t.same(info.model.class_names, ['setosa', 'versicolor', 'virginica'])
  t.same(info.input_shape, [null, 4])
  t.same(info.training, metadata.training)
  t.equal(info.training.history.length, 5)
  t.match(info, { runtime: { name: 'onnxruntime', version: /^\d+\.\d+\.\d+$/ }, batched: true, bytes: readFileSync(new URL('iris/1/model.onnx', store)).byteLength })
  t.ok(info.load_ms > 0)

  const features = await app.inject('/features')
  t.same(features.json(), info.metadata.features)
})

t.test('defaults and importances are shown as the template shows them', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/template-rf' })
  t.same((await app.inject('/features')).json(), [
    { name: 'feature1', type: 'numeric', default: -1, importance: 0.253968 },
    { name: 'feature2', type: 'numeric', default: -1, importance: 0.444444 },
    { name: 'feature3', type: 'numeric', default: -1, importance: 0.301587 }
  ])
  t.match((await app.inject('/info')).json().model, { type: 'TreeEnsembleClassifier', task: 'BINARY_CLASSIFICATION', is_explainable: true, class_names: ['0', '1'] })
})

t.test('a regression has no class names', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/diabetes' })
  const { model } = (await app.inject('/info')).json()
  t.equal(model.task, 'REGRESSION')
  t.equal(model.type, 'TreeEnsembleRegressor')
  t.notOk('class_names' in model)
})

t.test('the service info has both sets of names', async (t) => {
  const app = await build(t, { DEBUG: true, ENVIRONMENT: 'staging', VERSION: 'v7', WORKERS: '2', MODEL_PATH: 'model-store/iris' })
  const first = (await app.inject('/service-info')).json()
  t.match(first, {
    debug: true,
    'serving-model-name': 'iris',
    'serving-model-type': 'LinearClassifier',
    'serving-model-file': 'model.onnx',
    'serving-model-family': 'scikit-learn',
    'version-template': /^\d+\.\d+\.\d+$/,
    environment: 'staging',
    version: 'v7',
    workers: 2
  })
  t.type(first['running-since'], 'number')
  t.ok(first['running-since'] > 1.6e9 && first['running-since'] < 1e10, 'seconds, not milliseconds')
  t.equal((await app.inject('/service-info')).json()['running-since'], first['running-since'])
})

t.test('while nothing can be served only the service info answers', async (t) => {
  const app = await build(t, { MODEL_PATH: zooPath('broken/empty') })
  for (const url of ['/info', '/features']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 503, url)
    t.equal(answer.headers['retry-after'], '1', url)
    t.equal(answer.json().code, 'MODEL_NOT_READY', url)
  }
  t.equal((await app.inject({ method: 'POST', url: '/preprocess', payload: [{}] })).statusCode, 503)
  const service = await app.inject('/service-info')
  t.equal(service.statusCode, 200)
  t.equal(service.json()['serving-model-type'], '')
})

t.test('records come back in the order of the metadata with defaults filled in', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/template-rf' })
  const post = async (payload: object) => await app.inject({ method: 'POST', url: '/preprocess', payload })
  t.equal((await post({ feature3: 3.5, feature1: 1 })).body, '[{"feature1":1,"feature2":-1,"feature3":3.5}]')
  t.equal((await post([{ feature2: null }, {}])).body, '[{"feature1":-1,"feature2":-1,"feature3":-1},{"feature1":-1,"feature2":-1,"feature3":-1}]')
  t.equal((await post([])).body, '[]')
  t.equal((await post({ feature1: '1' })).statusCode, 400)

  const scaled = await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: {} })
  t.equal(scaled.statusCode, 400, 'a graph without preprocessing has none to show')
  t.match(scaled.json().errors, [{ path: 'scaled', expected: 'one of: 0, false', got: '"1" (string)' }])
  t.equal((await app.inject({ method: 'POST', url: '/preprocess?scaled=2', payload: {} })).statusCode, 400)
})

t.test('whatever /predict and /predict/batch take is shown as records', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/template-rf', BATCH_MAX: 2 })
  const post = async (payload: object) => await app.inject({ method: 'POST', url: '/preprocess', payload })
  const shown = [{ feature1: 1, feature2: 2, feature3: 5 }]
  for (const payload of [
    { features: [1, 2, 5] }, { _data: shown[0] }, { _data: shown }, { _data: shown, _samples: {} }, { instances: shown }, { instances: [[1, 2, 5]] }, { feature3: 5, feature1: 1, feature2: 2, instances: [] }
  ]) {
    const answer = await post(payload)
    t.same([answer.statusCode, answer.json()], [200, shown], JSON.stringify(payload))
  }
  t.same((await post({ instances: [[1, 2, 5], [1, 2, 5]] })).json(), [...shown, ...shown])
  for (const [payload, path, detail] of [
    [{ instances: [{}, {}, {}] }, '/instances', 'Batch size cannot exceed 2'],
    [{ instances: [[1, 2]] }, '/instances/0', 'Expected 3 features'],
    [{ instances: [] }, '/instances', /at least one record or row/],
    [{ features: [1, 2, 5], feature1: 1 }, '/feature1', /cannot stand beside features/],
    [{ _data: {}, _samples: [{ feature1: 'x' }] }, '/_samples/0/feature1', /must be a number/],
    [[1, 2, 5], '', /^This route takes a record or a list of records; rows belong to {"instances": \[…\]}, one row to {"features": \[…\]}$/],
    [[[1, 2, 5]], '/0', /must be an object/]
  ] as const) {
    const answer = await post(payload)
    t.match(answer.json(), { status: 400, detail, errors: [{ path }] }, JSON.stringify(payload))
  }
})

t.test('a record that breaks a rule is not shown, as it is not predicted', async (t) => {
  const files = { 'metadata.json': { features: [{ name: 'x', type: 'numeric' }], rules: [{ message: 'x must be positive', logic: { '>': [{ var: 'x' }, 0] } }] } }
  const app = await build(t, { MODEL_STORE: await makeStore(t, { ruled: { zoo: 'fails-on-13', files } }) })
  const post = async (payload: object) => await app.inject({ method: 'POST', url: '/preprocess', payload })
  t.same((await post({ x: 1 })).json(), [{ x: 1 }])
  t.match((await post([{ x: 1 }, { x: -1 }])).json(), { status: 422, code: 'RULE_VIOLATED', errors: [{ path: '/1' }] })
})

t.test('a model whose features nobody names shows its inputs', async (t) => {
  const app = await build(t, { MODEL_PATH: zooPath('linear-regression') })
  const { layout: { inputs: [input], width = 0 } } = app.models.get().specification
  const row = Array.from({ length: width }, (_, index) => index)
  for (const payload of [{ features: row }, { instances: [row] }]) {
    t.same((await app.inject({ method: 'POST', url: '/preprocess', payload })).json(), [{ [input?.name ?? '']: row }])
  }
})

t.test('the scaled numbers are those of the original scaler', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris' })
  const { records, scaled } = read(new URL('iris.json', examples))
  for (let round = 0; round < 2; round++) {
    const answer = await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: records })
    t.equal(answer.statusCode, 200)
    const rows: number[][] = answer.json()
    t.equal(rows.length, scaled.length)
    rows.forEach((row, i) => row.forEach((value, j) => t.ok(Math.abs(value - scaled[i][j]) < 1e-5 * Math.max(1, Math.abs(scaled[i][j])), `row ${i}, column ${j}`)))
  }
  const [one] = (await app.inject({ method: 'POST', url: '/preprocess?scaled=true', payload: records[0] })).json()
  t.equal(one.length, 4)
  t.same((await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: { features: Object.values(records[0]) } })).json(), [one])
  t.same((await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: { instances: [Object.values(records[0])] } })).json(), [one])
  t.same((await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: [] })).json(), [])
})

t.test('the scaled row of docs/exporting.md is what the iris example answers', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris' })
  const page = readFileSync(new URL('../../docs/exporting.md', import.meta.url), 'utf8')
  const [, record = '', printed = ''] = /preprocess\?scaled=1'.*?-d '(.*?)'\n```\n```json\n(.*?)\n```/s.exec(page) ?? []
  const answer = await app.inject({ method: 'POST', url: '/preprocess?scaled=1', headers: { 'content-type': 'application/json' }, payload: record })
  t.equal(answer.statusCode, 200)
  const rows: number[][] = answer.json()
  t.same(rows.map((row) => row.map((value) => Number(value.toFixed(5)))), JSON.parse(printed))
})

t.test('a body that is read in the threads elsewhere is understood here too', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris', MODEL_TYPE: 'flower', POOL_PARSE_BYTES: 10 })
  const { records, scaled } = read(new URL('iris.json', examples))
  t.same((await app.inject({ method: 'POST', url: '/preprocess', payload: records })).json(), records)
  t.equal((await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: records })).json().length, scaled.length)
  for (const query of ['', '?scaled=1']) {
    const post = async (payload: string) => await app.inject({ method: 'POST', url: `/preprocess${query}`, payload, headers: { 'content-type': 'application/json' } })
    t.equal((await post('{"features":[5.1,3.5,1.4,0.2]}')).statusCode, 200)
    t.match((await post('{"sepal_length":')).json(), { status: 400, code: 'INVALID_JSON' })
    t.match((await post('{"sepal_length":"5.1"}')).json(), { status: 400, errors: [{ path: '/sepal_length' }, {}, {}, {}] })
  }
  t.same((await app.inject({ method: 'POST', url: '/preprocess', payload: '[          ]', headers: { 'content-type': 'application/json' } })).json(), [])
  t.equal((await app.inject('/service-info')).json()['serving-model-type'], 'flower')
})
