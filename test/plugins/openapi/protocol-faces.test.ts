import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import type { OpenapiDocument, Operation } from '../../../plugins/openapi/document.js'
import { build, makeStore } from '../../helper.js'
import { readDocument } from './read-document.js'

const predictions = ['/v2/models/{model}/infer', '/v2/models/{model}/versions/{version}/infer', '/v1/models/{model}:predict']

function pathParameters ({ parameters = [] }: Operation): { name: string, example?: string }[] {
  return JSON.parse(JSON.stringify(parameters.filter((parameter) => 'in' in parameter && parameter.in === 'path')))
}

function exampleOf ({ requestBody }: Operation): unknown {
  const { example, examples = {} } = requestBody?.content['application/json'] ?? {}
  return example ?? Object.values(examples)[0]?.value
}

/** Sends what "Try it out" would: the example of the body, at the path with the examples of its parameters. */
async function tryOut (t: Test, app: FastifyInstance, document: OpenapiDocument, path: string) {
  const operation = document.paths[path]?.post
  if (operation === undefined) throw new Error(`${path} is not documented`)
  const url = pathParameters(operation).reduce((url, { name, example = '' }) => url.replace(`{${name}}`, example), path)
  const answer = await app.inject({ url, method: 'POST', payload: Object(exampleOf(operation)) })
  t.equal(answer.statusCode, 200, `${url} ${answer.body.slice(0, 200)}`)
  return answer.json()
}

t.test('The examples of the protocols are answered as those of the typed face are', async (t) => {
  for (const name of ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf']) {
    const app = await build(t, { DEFAULT_MODEL: name })
    const document = await readDocument(app)
    const typed = await tryOut(t, app, document, `/models/${name}/predict`)
    const inferred = await tryOut(t, app, document, '/v2/models/{model}/infer')
    const versioned = await tryOut(t, app, document, '/v2/models/{model}/versions/{version}/infer')
    const { predictions: [first] } = await tryOut(t, app, document, '/v1/models/{model}:predict')
    t.match(inferred, { model_name: name, model_version: '1' })
    t.same(versioned.outputs, inferred.outputs)
    t.same(first, inferred.outputs[0].data[0])
    t.ok(first === typed.prediction || Object.keys(typed.probabilities)[first] === typed.prediction, `${first} is what the typed face says`)
  }
})

t.test('The tensors of an example are spelt as its record is', async (t) => {
  const { paths } = await readDocument(await build(t))
  const record = paths['/models/iris/predict']?.post?.requestBody?.content['application/json']?.example
  t.strictSame(paths['/v2/models/{model}/infer']?.post?.requestBody?.content['application/json']?.example, {
    inputs: [{ name: 'float_input', shape: [1, 4], datatype: 'FP32', data: Object.values(Object(record)) }]
  })
})

t.test('A model without named features has examples of blanks, a server without models none', async (t) => {
  const names = ['logistic-string-labels', 'linear-regression-float64', 'int64-input', 'several-outputs', 'identity-bool', 'identity-string']
  const store = await makeStore(t, Object.fromEntries(names.map((zoo) => [zoo, { zoo }])))
  for (const name of names) {
    const app = await build(t, { MODEL_STORE: store, DEFAULT_MODEL: name })
    const document = await readDocument(app)
    for (const path of [...predictions, `/models/${name}/predict`, `/models/${name}/predict/batch`, '/predict', '/predict/batch']) await tryOut(t, app, document, path)
  }
  const empty = await readDocument(await build(t, { MODEL_STORE: await makeStore(t) }))
  for (const path of predictions) t.notOk(Object.hasOwn(empty.paths[path]?.post?.requestBody?.content['application/json'] ?? {}, 'example'))
})

t.test('A model of half-precision inputs lends no example, for those travel as bytes alone', async (t) => {
  const store = await makeStore(t, { half: { zoo: 'identity-float16' }, whole: { zoo: 'identity-float32' } })
  const document = await readDocument(await build(t, { MODEL_STORE: store, DEFAULT_MODEL: 'half' }))
  const operation = document.paths[predictions[0] ?? '']?.post
  t.match(operation && pathParameters(operation), [{ name: 'model', example: 'whole' }])
})

t.test('The bodies of the repository may be left out, as the server takes it', async (t) => {
  const app = await build(t, { REPOSITORY_CONTROL: true })
  const { paths } = await readDocument(app)
  for (const path of ['index', 'models/{model}/load', 'models/{model}/unload'].map((end) => `/v2/repository/${end}`)) {
    t.equal(paths[path]?.post?.requestBody?.required, false, path)
    t.equal((await app.inject({ url: path.replace('{model}', 'iris'), method: 'POST' })).statusCode, 200)
  }
  for (const path of predictions) t.equal(paths[path]?.post?.requestBody?.required, true, path)
})

t.test('The repository asks for a token where the server has one', async (t) => {
  const path = '/v2/repository/index'
  const guarded = await readDocument(await build(t, { REPOSITORY_CONTROL: true, ADMIN_TOKEN: 'sesame' }))
  t.same(guarded.paths[path]?.post?.security, [{ AdminToken: [] }])
  t.match(guarded.components, { securitySchemes: { AdminToken: { type: 'http', scheme: 'bearer' } } })
  const open = await readDocument(await build(t, { REPOSITORY_CONTROL: true }))
  t.notOk(open.paths[path]?.post?.security)
  t.notMatch(open.components, { securitySchemes: { AdminToken: {} } })
})
