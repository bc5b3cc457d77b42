import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { addModel, build, makeStore, until } from '../helper.js'
import { infer, irisRows, refused } from '../oip.js'

const post = (app: FastifyInstance, path: string, payload?: string | object, headers = {}) => app.inject({ method: 'POST', url: `/v2/repository/${path}`, headers, ...(payload !== undefined && { payload }) })
const tensor = { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] }

t.test('everything is 503 while repository control is off, with a token or without', async (t) => {
  const app = await build(t, { ADMIN_TOKEN: 'sesame' })
  for (const path of ['index', 'models/iris/load', 'models/iris/unload', 'models/nope/load', 'models/..%2fx/load', 'other/index', 'other/models/iris/load']) {
    refused(t, await post(app, path, undefined, { authorization: 'Bearer sesame' }), 503, /REPOSITORY_CONTROL is off/, path)
    refused(t, await post(app, path), 503, /REPOSITORY_CONTROL is off/, path)
  }
  t.equal((await infer(app, 'iris', { payload: { inputs: [irisRows(1).input] } })).statusCode, 200)
})

t.test('with a token set, only who sends it may do anything', async (t) => {
  const app = await build(t, { REPOSITORY_CONTROL: true, ADMIN_TOKEN: 'sesame' })
  for (const path of ['index', 'models/iris/load', 'models/iris/unload', 'models/nope/load', 'other/models/iris/load']) {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic sesame' }]) {
      const response = await post(app, path, undefined, headers)
      refused(t, response, 401, /bearer token/, path)
      t.equal(response.headers['www-authenticate'], 'Bearer')
    }
  }
  t.equal((await post(app, 'index', undefined, { authorization: 'Bearer sesame' })).statusCode, 200)
  t.equal((await app.inject('/v2/models/iris/ready')).statusCode, 200)
})

t.test('the index names every version, what was never loaded included', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' }, torn: { zoo: 'broken/truncated' } })
  const app = await build(t, { MODEL_STORE: store, REPOSITORY_CONTROL: true })
  await addModel(store, 'late', { zoo: 'identity-float32', version: '3' })
  const response = await post(app, 'index')
  t.equal(response.headers['content-type'], 'application/json')
  t.match(response.json(), [
    { name: 'iris', version: '1', state: 'READY', reason: '' },
    { name: 'torn', version: '1', state: 'UNAVAILABLE', reason: /model\.onnx/ },
    { name: 'late', version: '3', state: 'UNAVAILABLE', reason: 'not loaded' }
  ])
  t.strictSame((await post(app, 'index', { ready: true })).json(), [{ name: 'iris', version: '1', state: 'READY', reason: '' }])
  for (const body of ['', '{}', '{"ready":false}']) t.equal((await post(app, 'index', body, { 'content-type': 'application/json' })).json().length, 3, body)
  for (const body of ['{"ready":1}', '{"ready":"true"}', '[]', '1', '{', '['.repeat(100_000)]) refused(t, await post(app, 'index', body), 400, /./, body.slice(0, 20))
})

t.test('a model is loaded, unloaded and loaded again', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' } })
  const app = await build(t, { MODEL_STORE: store, REPOSITORY_CONTROL: true })
  await addModel(store, 'late', { zoo: 'identity-float32' })
  t.equal((await infer(app, 'late', { payload: tensor })).statusCode, 404)
  t.strictSame((await post(app, 'models/late/load')).json(), { name: 'late', load: true })
  t.equal((await infer(app, 'late', { payload: tensor })).statusCode, 200)

  for (let times = 0; times < 2; times++) t.equal((await post(app, 'models/late/unload', { parameters: { unload_dependents: true } })).statusCode, 200)
  refused(t, await infer(app, 'late', { payload: tensor }), 503, /unloaded/)
  refused(t, await app.inject('/v2/models/late/ready'), 503, /not ready/)
  t.match((await post(app, 'index')).json()[1], { name: 'late', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' })
  t.equal((await app.inject('/v2/health/ready')).statusCode, 200)

  t.equal((await post(app, 'models/late/load', '{}')).statusCode, 200)
  t.equal((await infer(app, 'late', { payload: tensor })).statusCode, 200)
})

t.test('a server whose only model was unloaded is still ready', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t, { iris: { example: 'iris' } }), REPOSITORY_CONTROL: true })
  await post(app, 'models/iris/unload')
  t.strictSame((await app.inject('/v2/health/ready')).json(), { ready: true, live: true })
})

t.test('what cannot be loaded is refused with the reason, and what serves goes on', async (t) => {
  const store = await makeStore(t, { m: { zoo: 'identity-float32' } })
  const app = await build(t, { MODEL_STORE: store, REPOSITORY_CONTROL: true })
  await addModel(store, 'torn', { zoo: 'broken/truncated' })
  refused(t, await post(app, 'models/torn/load'), 400, /'torn' cannot be loaded: .*model\.onnx/)
  await addModel(store, 'm', { zoo: 'broken/truncated', version: '2' })
  refused(t, await post(app, 'models/m/load'), 400, /'m' cannot be loaded: version 2: /)
  t.match((await infer(app, 'm', { payload: tensor })).json(), { model_version: '1' })
  await rm(join(store, 'm/2'), { recursive: true })
  t.equal((await post(app, 'models/m/load')).statusCode, 200)
  await writeFile(join(store, 'm/model.json'), '{')
  refused(t, await post(app, 'models/m/load'), 400, /'m' cannot be loaded: .*model\.json/)
  t.match((await infer(app, 'm', { payload: tensor })).json(), { model_version: '1' })
})

t.test('unknown names, paths as names, named repositories and overrides are refused', async (t) => {
  const app = await build(t, { REPOSITORY_CONTROL: true })
  for (const verb of ['load', 'unload']) {
    refused(t, await post(app, `models/nope/${verb}`), 404, /no model 'nope'/)
    for (const name of ['%2e%2e%2fetc', '..%5cx', '.hidden', 'a%2fb', 'stats', '%00']) refused(t, await post(app, `models/${name}/${verb}`), 400, /names no model/, name)
    refused(t, await post(app, `other/models/iris/${verb}`), 501, /repository_name/)
    for (const parameters of [{ config: '{}' }, { 'file:1/model.onnx': 'AAAA' }, { 'file:': '' }]) refused(t, await post(app, `models/iris/${verb}`, { parameters }), 400, /not supported/)
    for (const parameters of [1, 'x', []]) refused(t, await post(app, `models/iris/${verb}`, { parameters }), 400, /'parameters'/)
    refused(t, await post(app, `models/iris/${verb}`, `{"parameters":${'['.repeat(100_000)}`), 400, /failed to parse/)
  }
  refused(t, await post(app, 'other/index'), 501, /repository_name/)
  t.equal((await app.inject('/v2/models/iris/ready')).statusCode, 200)
})

t.test('while models are loaded again and replaced, every request is answered', async (t) => {
  const store = await makeStore(t, { m: { zoo: 'identity-float32' } })
  const app = await build(t, { MODEL_STORE: store, REPOSITORY_CONTROL: true, POOL_PARSE_BYTES: 1000 })
  const big = { inputs: [{ name: 'x', shape: [200, 2], datatype: 'FP32', data: new Array(400).fill(1.5) }] }
  const versions = new Set<string>()
  const running = new AbortController()
  const clients = [tensor, tensor, tensor, big].map(async (payload) => {
    while (!running.signal.aborted) {
      const response = await infer(app, 'm', { payload })
      if (response.statusCode !== 200) t.fail(response.payload)
      versions.add(response.json().model_version)
    }
  })
  await until(() => versions.has('1'))
  for (let times = 0; times < 3; times++) t.equal((await post(app, 'models/m/load')).statusCode, 200)
  await addModel(store, 'm', { zoo: 'identity-float32', version: '2' })
  t.equal((await post(app, 'models/m/load')).statusCode, 200)
  t.match((await infer(app, 'm', { payload: tensor })).json(), { model_version: '2' })
  await until(() => versions.has('2'))
  running.abort()
  await Promise.all(clients)
  t.strictSame([...versions].sort(), ['1', '2'])
})
