import t from 'tap'
import type { OpenapiDocument } from '../../../plugins/openapi/document.js'
import { addModel, build, makeStore } from '../../helper.js'
import { version } from '../../../version.js'
import { readDocument } from './read-document.js'

function typedPaths ({ paths }: OpenapiDocument): string[] {
  return Object.keys(paths).filter((path) => path.startsWith('/models/') && path.endsWith('/predict')).sort()
}

function operationIds ({ paths }: OpenapiDocument): string[] {
  return Object.values(paths).flatMap((item) => Object.values(item)).map(({ operationId = '' }) => operationId)
}

function body (document: OpenapiDocument, path: string): unknown {
  return document.paths[path]?.post?.requestBody?.content['application/json']?.schema
}

const app = await build(t, { DEFAULT_MODEL: 'iris' })

t.test('The document says what it describes', async (t) => {
  const response = await app.inject('/openapi.json')
  t.equal(response.headers['content-type'], 'application/json')
  t.match(response.json(), {
    openapi: '3.1.0',
    info: { title: 'ML Model API', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }]
  })
})

t.test('Every operation has a name of its own, a tag that is described, and its errors', async (t) => {
  const document = await readDocument(app)
  const ids = operationIds(document)
  t.equal(new Set(ids).size, ids.length)
  for (const id of ['predict', 'predictBatch', 'predictIris', 'predictIrisBatch', 'predictIrisVersion1', 'predictTemplateRfVersion1Batch']) t.ok(ids.includes(id), id)
  const tags = new Set(document.tags.map(({ name }) => name))
  for (const [path, item] of Object.entries(document.paths)) {
    for (const { tags: own = [], responses } of Object.values(item)) {
      t.ok(own.length === 1 && tags.has(own[0] ?? ''), `${path} has a described tag`)
      t.ok(Object.keys(responses).some((status) => status.startsWith('4')), `${path} has a client error`)
    }
  }
})

t.test('Every status that a prediction may get is documented by its own answer, and every other operation has the general ones', async (t) => {
  const { paths, components } = await readDocument(app)
  for (const [path, item] of Object.entries(paths)) {
    for (const { responses } of Object.values(item)) {
      const predicts = !/^\/v[12]/.test(path) && /\/(predict|predict\/batch|preprocess)$/.test(path)
      const expected = predicts ? ['400', '404', '405', '408', '413', '415', '417', '431', '500', '503', '504'] : ['4XX', '5XX']
      for (const status of expected) t.match(responses[status], { $ref: /^#\/components\/responses\// }, `${path} ${status}`)
    }
  }
  t.match(paths['/metrics']?.get?.responses[406], { $ref: '#/components/responses/NotAcceptable' })
  t.match(components.responses.MethodNotAllowed, { headers: { Allow: {} }, content: { 'application/problem+json': {} } })
})

t.test('Results name their classes and targets', async (t) => {
  const { components: { schemas } } = await readDocument(app)
  t.strictSame(schemas.IrisClass?.enum, ['setosa', 'versicolor', 'virginica'])
  t.match(schemas.IrisProbabilities, { required: ['setosa', 'versicolor', 'virginica'], additionalProperties: false })
  t.match(schemas.TemplateRfPrediction, { properties: { prediction: { type: 'integer', enum: [0, 1] }, model: { const: 'template-rf' } } })
  t.match(schemas.DiabetesPrediction, { properties: { prediction: { type: 'number' }, confidence: { type: ['number', 'null'] } } })
  t.notMatch(schemas.DiabetesPrediction, { properties: { probabilities: {} } })
})

t.test('The document follows what is loaded and unloaded', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' } })
  const app = await build(t, { MODEL_STORE: store })
  t.strictSame(typedPaths(await readDocument(app)), ['/models/iris/predict', '/models/iris/versions/1/predict'])
  await addModel(store, 'wine', { zoo: 'logistic-string-labels' })
  await app.models.reload()
  t.ok(typedPaths(await readDocument(app)).includes('/models/wine/predict'))
  const shown = await app.inject('/docs/json')
  t.ok(typedPaths(shown.json()).includes('/models/wine/predict'))
  await app.models.unload('iris')
  const document = await readDocument(app)
  t.strictSame(typedPaths(document), ['/models/wine/predict', '/models/wine/versions/1/predict'])
  t.notMatch(document.components.schemas, { IrisRecord: {} })
})

t.test('Versions that agree share their schemas, one that differs names its version, and labels are paths', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris', config: { versions: 'all', labels: { stable: '1', 'much-older': '1' } } } })
  await addModel(store, 'iris', { example: 'iris', version: '2' })
  const app = await build(t, { MODEL_STORE: store })
  const same = await readDocument(app)
  for (const which of ['', '/versions/1', '/versions/2', '/versions/stable', '/versions/much-older']) {
    t.strictSame(body(same, `/models/iris${which}/predict`), { $ref: '#/components/schemas/IrisRecord' })
  }
  t.ok(operationIds(same).includes('predictIrisLabelMuchOlder'))
  await addModel(store, 'iris', { zoo: 'linear-regression', version: '3' })
  await app.models.reload()
  const different = await readDocument(app)
  t.strictSame(body(different, '/models/iris/versions/2/predict'), { $ref: '#/components/schemas/IrisV2Record' })
  t.strictSame(body(different, '/models/iris/versions/1/predict'), { $ref: '#/components/schemas/IrisV2Record' })
  t.notSame(body(different, '/models/iris/predict'), { $ref: '#/components/schemas/IrisV2Record' })
})

t.test('Models whose names make the same identifiers are told apart, always in the same way', async (t) => {
  const names = ['a-b', 'a_b', 'A.B', 'a-b-batch', 'predict', 'models', '7up']
  const store = await makeStore(t, Object.fromEntries(names.map((name) => [name, { example: 'template-rf' }])))
  const documents = [await readDocument(await build(t, { MODEL_STORE: store })), await readDocument(await build(t, { MODEL_STORE: store }))]
  const [first, second] = documents
  t.strictSame(first, second)
  if (first === undefined) return
  const ids = operationIds(first)
  t.equal(new Set(ids.map((id) => id.toLowerCase())).size, ids.length)
  const tags = first.tags.map(({ name }) => name)
  t.equal(new Set(tags).size, tags.length)
  for (const name of names) t.match(first.components.schemas, Object.fromEntries([[String(Object(body(first, `/models/${name}/predict`)).$ref).split('/').at(-1), { type: 'object' }]]))
  t.ok(ids.includes('predictModel7up'))
})
