import t from 'tap'
import { build, create, makeStore } from '../helper.js'
import { infer, irisRows, refused } from '../oip.js'

t.test('the server says who it is, with and without a slash', async (t) => {
  const app = await build(t)
  for (const url of ['/v2', '/v2/', '/v2?any=query']) {
    const response = await app.inject(url)
    t.equal(response.statusCode, 200)
    t.equal(response.headers['content-type'], 'application/json')
    t.match(response.json(), { name: 'fastify-model-server', version: /^\d/, extensions: ['classification', 'model_configuration', 'binary_tensor_data', 'parameters', 'statistics'] })
  }
})

t.test('the repository extension is advertised only where it is on', async (t) => {
  for (const REPOSITORY_CONTROL of [false, true]) {
    const app = await create(t, { REPOSITORY_CONTROL })
    t.equal((await app.inject('/v2')).json().extensions.includes('model_repository'), REPOSITORY_CONTROL)
  }
})

t.test('health has a body that every client understands', async (t) => {
  const app = await build(t)
  const answers = { '/v2/health/live': { live: true }, '/v2/health/ready': { ready: true, live: true }, '/v2/models/iris/ready': { name: 'iris', ready: true }, '/v2/models/iris/versions/1/ready': { name: 'iris', ready: true } }
  for (const [url, body] of Object.entries(answers)) {
    const response = await app.inject(url)
    t.strictSame([response.statusCode, response.headers['content-type'], response.json()], [200, 'application/json', body], url)
    t.strictSame(await app.inject({ url, method: 'HEAD' }).then(({ statusCode, payload }) => [statusCode, payload]), [200, ''], url)
  }
})

t.test('a server that loads or drains is alive but not ready', async (t) => {
  const app = await create(t)
  const check = async () => {
    t.strictSame((await app.inject('/v2/health/live')).json(), { live: true })
    const response = await app.inject('/v2/health/ready')
    refused(t, response, 503, /not ready/)
    t.ok(response.headers['retry-after'])
  }
  await app.ready()
  if (app.models.unready === 'models are being loaded') await check()
  await app.models.settled()
  app.models.drain()
  await check()
})

t.test('models are listed and described', async (t) => {
  const app = await build(t)
  t.strictSame((await app.inject('/v2/models')).json(), { models: ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf'] })
  const metadata = {
    name: 'iris',
    versions: ['1'],
    platform: 'onnxruntime_onnx',
    inputs: [{ name: 'float_input', datatype: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'label', datatype: 'INT64', shape: [-1] }, { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }]
  }
  for (const url of ['/v2/models/iris', '/v2/models/iris/versions/1', '/v2/models/%69ris']) t.strictSame((await app.inject(url)).json(), metadata, url)
  t.strictSame((await app.inject('/v2/models/iris/config')).json(), {
    name: 'iris',
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: [{ name: 'float_input', data_type: 'TYPE_FP32', dims: [-1, 4] }],
    output: [{ name: 'label', data_type: 'TYPE_INT64', dims: [-1] }, { name: 'probabilities', data_type: 'TYPE_FP32', dims: [-1, 3] }]
  })
})

t.test('a version is found by number and by label, and one that is asked for is listed alone', async (t) => {
  const store = await makeStore(t, { m: { zoo: 'identity-float32' } })
  const { addModel } = await import('../helper.js')
  await addModel(store, 'm', { zoo: 'identity-float32', version: '10', config: { versions: 'all', labels: { stable: '1' } } })
  const app = await build(t, { MODEL_STORE: store })
  const versions = async (path: string) => (await app.inject(`/v2/models/m${path}`)).json().versions
  t.strictSame(await versions(''), ['1', '10'])
  t.strictSame(await versions('/versions/10'), ['10'])
  t.strictSame(await versions('/versions/stable'), ['1'])
  const body = { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] }
  for (const [path, version] of [['m', '10'], ['m/versions/1', '1'], ['m/versions/stable', '1'], ['m/versions/10', '10']] as const) {
    t.match((await infer(app, path, { payload: body })).json(), { model_name: 'm', model_version: version }, path)
  }
})

t.test('unknown names, versions and paths are 404, wrong methods 405', async (t) => {
  const app = await build(t)
  for (const path of ['', '/ready', '/config', '/stats']) {
    refused(t, await app.inject(`/v2/models/nope${path}`), 404, /no model 'nope'/, path)
    for (const version of ['9', 'v1', '01', '-1']) refused(t, await app.inject(`/v2/models/iris/versions/${version}${path}`), 404, /no version or label/, path)
  }
  refused(t, await app.inject('/v2/nope'), 404, /nothing at/)
  refused(t, await app.inject('/v2/models/iris/nope'), 404, /nothing at/)
  refused(t, await app.inject('/v2/models/%zz'), 400, /not a valid URL/)
  refused(t, await app.inject(`/v2/models/${'a'.repeat(128)}`), 404, /no model/)
  const gets = ['/v2', '/v2/health/live', '/v2/health/ready', '/v2/models', '/v2/models/stats', '/v2/models/iris', '/v2/models/iris/ready', '/v2/models/iris/config', '/v2/models/iris/versions/1/stats']
  for (const url of gets) {
    const response = await app.inject({ method: 'POST', url, payload: 'x', headers: { 'content-type': 'foo' } })
    refused(t, response, 405, /not allowed/, url)
    t.match(response.headers.allow, /GET/)
  }
  for (const url of ['/v2/models/iris/infer', '/v2/models/iris/versions/1/infer', '/v2/repository/index']) {
    const response = await app.inject(url)
    refused(t, response, 405, /not allowed/, url)
    t.equal(response.headers.allow, 'POST')
  }
})

t.test('statistics count rows, runs and requests, and what is refused before the model counts as nothing', async (t) => {
  const app = await build(t)
  const before = (await app.inject('/v2/models/iris/stats')).json().model_stats[0]
  t.strictSame([before.inference_count, before.execution_count, before.last_inference], [0, 0, 0])
  const startedAt = Date.now()
  for (const count of [1, 3, 3]) await infer(app, 'iris', { payload: { inputs: [irisRows(count).input] } })
  for (const payload of ['{', '{"inputs":[]}']) refused(t, await infer(app, 'iris', { payload }), 400, /./)
  const statistics = (await app.inject('/v2/models/iris/versions/1/stats')).json()
  const { batch_stats: batches, ...iris } = statistics.model_stats[0]
  t.match(iris, { name: 'iris', version: '1', inference_count: 7, execution_count: 3, response_stats: {}, memory_usage: [] })
  t.ok(iris.last_inference >= startedAt)
  t.match(iris.inference_stats, { success: { count: 3 }, fail: { count: 0, ns: 0 }, queue: { count: 3 }, compute_input: { count: 3 }, compute_infer: { count: 3 }, compute_output: { count: 3 }, cache_hit: { count: 0, ns: 0 }, cache_miss: { count: 0, ns: 0 } })
  t.ok(iris.inference_stats.compute_infer.ns > 0)
  t.ok(iris.inference_stats.success.ns >= iris.inference_stats.queue.ns + iris.inference_stats.compute_infer.ns)
  t.match(batches, [{ batch_size: 1, compute_infer: { count: 1 } }, { batch_size: 3, compute_infer: { count: 2 } }])
  const all = (await app.inject('/v2/models/stats')).json().model_stats.map(({ name }: { name: string }) => name)
  t.strictSame(all, ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf'])
})

t.test('a failing run counts as a failure', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t, { picky: { zoo: 'fails-on-13' } }) })
  refused(t, await infer(app, 'picky', { payload: { inputs: [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [13] }] } }), 500, /failed to run/)
  t.match((await app.inject('/v2/models/picky/stats')).json().model_stats[0], { inference_count: 0, inference_stats: { success: { count: 0 }, fail: { count: 1 } } })
})
