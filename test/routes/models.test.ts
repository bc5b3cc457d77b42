import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { addModel, build, create, examplePath, makeStore, start } from '../helper.js'

t.test('GET /models', async (t) => {
  const store = await makeStore(t, {
    iris: { example: 'iris', config: { default: true, labels: { stable: '1' }, versions: 'all' } },
    bare: { zoo: 'several-outputs' },
    broken: { zoo: 'broken/text' }
  })
  await addModel(store, 'iris', { zoo: 'broken/truncated', version: '2' })
  const app = await create(t, { MODEL_STORE: store })

  await app.ready()
  const loading = (await app.inject('/models/iris')).json()
  t.match(loading.versions.map(({ state }: { state: string }) => state), ['LOADING', 'LOADING'])
  const early = await app.inject({ method: 'POST', url: '/predict', payload: {} })
  t.same([early.statusCode, early.json().code, early.headers['retry-after']], [503, 'MODEL_NOT_READY', '1'])
  await start(app)

  await t.test('says what is served, and of what is not the file and the fault', async (t) => {
    const answer = await app.inject('/models')
    t.equal(answer.statusCode, 200)
    const { models, refused } = answer.json()
    t.same(refused, [])
    t.match(models, [
      { name: 'bare', default: false, labels: {}, reason: '', versions: [{ version: '1', state: 'READY', reason: '', task: 'OTHER', outputs: [{ name: 'embedding', type: 'float32', shape: [null, 2] }, { name: 'reconstruction' }, { name: 'error' }] }] },
      { name: 'broken', default: false, versions: [{ version: '1', state: 'UNAVAILABLE', reason: /^broken\/1\/model\.onnx: is not an ONNX file/ }] },
      { name: 'iris', default: true, labels: { stable: '1' }, versions: [{ version: '2', state: 'UNAVAILABLE', reason: /^iris\/2\/model\.onnx: .*truncated/ }, { version: '1', state: 'READY' }] }
    ])
    t.same(Object.keys(models[1].versions[0]), ['version', 'state', 'reason', 'warnings'], 'nothing is made up about what is not loaded')
  })

  await t.test('the description of a version is the same everywhere', async (t) => {
    const model = (await app.inject('/models/iris')).json()
    const [, version] = model.versions
    t.match(version, {
      task: 'MULTICLASS_CLASSIFICATION',
      class_names: ['setosa', 'versicolor', 'virginica'],
      inputs: [{ name: 'float_input', type: 'float32', shape: [null, 4] }],
      features: [{ name: 'sepal_length', type: 'numeric', unit: 'cm', minimum: 0, maximum: 30 }, { name: 'sepal_width' }, { name: 'petal_length' }, { name: 'petal_width' }],
      batched: true,
      bytes: readFileSync(examplePath('iris')).byteLength,
      sha256: createHash('sha256').update(readFileSync(examplePath('iris'))).digest('hex')
    })
    t.ok(Date.parse(version.loaded_at) <= Date.now() && version.load_ms >= 0)
    for (const name of ['1', 'stable']) t.same((await app.inject(`/models/iris/versions/${name}`)).json(), version)
    t.match((await app.inject('/models/iris/versions/2')).json(), { version: '2', state: 'UNAVAILABLE' })
    t.same((await app.inject('/models')).json().models[2], model)
  })

  await t.test('a broken higher version leaves the lower one in service', async (t) => {
    const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
    t.equal((await app.inject({ method: 'POST', url: '/predict', payload: record })).json().model_version, '1')
    const answer = await app.inject({ method: 'POST', url: '/models/iris/versions/2/predict', payload: record })
    t.same([answer.statusCode, answer.json().code], [503, 'MODEL_NOT_READY'])
    t.match(answer.json().detail, /^Model 'iris' is not ready: iris\/2\/model\.onnx: /)
  })

  await t.test('what is not there is a 404 that lists what is', async (t) => {
    const missing = await app.inject('/models/nope')
    t.match(missing.json(), { status: 404, code: 'MODEL_NOT_FOUND', detail: "There is no model 'nope'; there are bare, broken, iris" })
    const version = await app.inject('/models/iris/versions/9')
    t.match(version.json(), { status: 404, code: 'VERSION_NOT_FOUND', detail: /^Model 'iris' has no version or label '9'; there are 2, 1, stable$/ })
    for (const url of ['/models/__proto__', '/models/constructor', '/models/iris/versions/toString', '/models/%00', '/models/..%2F..%2Fetc']) {
      const answer = await app.inject(url)
      t.equal(answer.statusCode, 404, url)
      t.equal(answer.headers['content-type'], 'application/problem+json', url)
    }
  })
})

t.test('an empty store lists nothing and is not ready', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t) })
  t.same((await app.inject('/models')).json(), { models: [], refused: [], warnings: [] })
  const answer = await app.inject({ method: 'POST', url: '/predict', payload: {} })
  t.match(answer.json(), { status: 404, code: 'NO_DEFAULT_MODEL', detail: 'No model is the default one; the model store is empty' })
  t.match((await app.inject('/models/iris')).json(), { status: 404, detail: "There is no model 'iris'; the model store is empty" })
})
