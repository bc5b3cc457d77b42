import t from 'tap'
import { makeStore, addModel } from '../../helper.js'
import { Client, irisRequest, serve } from './client.js'

const [INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED] = [3, 5, 12, 13, 14, 16]

const store = await makeStore(t, {
  iris: { example: 'iris', config: { versions: 'all', labels: { stable: '1' } } },
  fails: { zoo: 'fails-on-13' },
  broken: { zoo: 'broken/text' }
})
await addModel(store, 'iris', { example: 'iris', version: '2', config: { versions: 'all', labels: { stable: '1' } } })
const app = await serve(t, { MODEL_STORE: store })
const client = new Client(t, app)

t.test('the server tells what it is', async (t) => {
  t.same(await client.call('ServerLive'), { live: true })
  t.same(await client.call('ServerReady'), { ready: true })
  t.same(await client.call('ServerMetadata'), app.oip.serverMetadata())
})

t.test('a model is ready, is not, or is unknown', async (t) => {
  t.same(await client.call('ModelReady', { name: 'iris' }), { ready: true })
  t.same(await client.call('ModelReady', { name: 'iris', version: '2' }), { ready: true })
  t.same(await client.call('ModelReady', { name: 'iris', version: 'stable' }), { ready: true })
  t.same(await client.call('ModelReady', { name: 'broken' }), { ready: false })
  t.match(await client.fail('ModelReady', { name: 'nobody' }), { code: NOT_FOUND, details: /no model 'nobody'/ })
  t.match(await client.fail('ModelReady', { name: 'iris', version: '9' }), { code: NOT_FOUND, details: /'9'/ })
})

t.test('metadata and configuration', async (t) => {
  t.match(await client.call('ModelMetadata', { name: 'iris' }), {
    name: 'iris',
    versions: ['1', '2'],
    platform: 'onnxruntime_onnx',
    inputs: [{ name: 'float_input', datatype: 'FP32', shape: ['-1', '4'] }],
    outputs: [{ name: 'label', datatype: 'INT64', shape: ['-1'] }, { name: 'probabilities', datatype: 'FP32', shape: ['-1', '3'] }]
  })
  t.same((await client.call('ModelMetadata', { name: 'iris', version: '1' })).versions, ['1'])
  t.match(await client.call('ModelConfig', { name: 'iris' }), {
    config: {
      name: 'iris',
      platform: 'onnxruntime_onnx',
      backend: 'onnxruntime',
      max_batch_size: 0,
      input: [{ name: 'float_input', data_type: 'TYPE_FP32', dims: ['-1', '4'] }],
      output: [{ name: 'label', data_type: 'TYPE_INT64', dims: ['-1'] }, { name: 'probabilities', data_type: 'TYPE_FP32', dims: ['-1', '3'] }]
    }
  })
  t.match(await client.fail('ModelMetadata', { name: 'broken' }), { code: UNAVAILABLE })
  t.match(await client.fail('ModelConfig', { name: 'nobody' }), { code: NOT_FOUND })
})

t.test('statistics count what gRPC has asked for, and so do the metrics', async (t) => {
  const before = app.metrics.summarize().requests_total
  await client.call('ModelInfer', irisRequest([[1, 2, 3, 4], [5, 6, 7, 8]], { model_version: '1' }))
  await client.fail('ModelInfer', { model_name: 'nobody' })
  t.match(await client.call('ModelStatistics', { name: 'iris', version: '1' }), {
    model_stats: [
      { name: 'iris', version: '1', inference_count: '2', execution_count: '1', inference_stats: { success: { count: '1' }, fail: { count: '0' } }, batch_stats: [{ batch_size: '2' }] }
    ]
  })
  t.equal((await client.call('ModelStatistics')).model_stats.length, 3)
  t.match(await client.fail('ModelStatistics', { name: 'nobody' }), { code: NOT_FOUND })
  t.equal(app.metrics.summarize().requests_total, before + 2)
  t.equal(app.metrics.predictions.failed > 0, true)
})

t.test('versions are numbers and labels, the highest by default', async (t) => {
  for (const [asked, got] of [['', '2'], ['1', '1'], ['2', '2'], ['stable', '1']]) {
    t.match(await client.call('ModelInfer', irisRequest(undefined, { model_version: asked })), { model_version: got })
  }
})

t.test('failures have the codes of the table', async (t) => {
  t.match(await client.fail('ModelInfer', { model_name: 'nobody', raw_input_contents: [Buffer.alloc(1)] }), { code: NOT_FOUND }, 'an unknown model comes before a bad body')
  t.match(await client.fail('ModelInfer', irisRequest(undefined, { model_version: '7' })), { code: NOT_FOUND })
  t.match(await client.fail('ModelInfer', irisRequest(undefined, { model_name: 'broken' })), { code: UNAVAILABLE, details: /broken/ })
  const thirteen = Buffer.from(new Float32Array([13]).buffer)
  t.match(await client.fail('ModelInfer', { model_name: 'fails', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1] }], raw_input_contents: [thirteen] }), { code: INTERNAL, details: "Model 'fails' failed to run" })
})

t.test('details are well-formed and of at most 2 KiB', async (t) => {
  const { code, details } = await client.fail('ModelInfer', irisRequest(undefined, { outputs: [{ name: 'é'.repeat(5000) }] }))
  t.equal(code, INVALID_ARGUMENT)
  t.ok(Buffer.byteLength(details) <= 2048)
  t.match(details, /^unexpected inference output 'ééé/)
  t.match(await client.fail('ModelReady', { name: 'a\ud800%\r\nb' }), { code: NOT_FOUND, details: /no model 'a\ufffd/ })
})

t.test('an error that nobody expected tells nothing', async (t) => {
  const { oip } = app
  t.intercept(oip, 'isServerReady', { value: () => { throw new Error('secret') } })
  t.same(await client.fail('ServerReady'), { code: INTERNAL, details: 'The request could not be answered' })
})

t.test('repository control that is off is UNAVAILABLE', async (t) => {
  for (const method of ['RepositoryIndex', 'RepositoryModelLoad', 'RepositoryModelUnload']) {
    t.match(await client.fail(method, { model_name: 'iris' }), { code: UNAVAILABLE, details: /REPOSITORY_CONTROL is off/ }, method)
  }
})

t.test('the repository is controlled by whoever has the token', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' } })
  const app = await serve(t, { MODEL_STORE: store, REPOSITORY_CONTROL: true, ADMIN_TOKEN: 'open-sesame' })
  const client = new Client(t, app)
  const headers = { authorization: 'Bearer open-sesame' }
  for (const wrong of [{}, { authorization: 'Bearer open' }, { authorization: 'open-sesame' }]) {
    for (const method of ['RepositoryIndex', 'RepositoryModelLoad', 'RepositoryModelUnload']) {
      t.match(await client.fail(method, { model_name: 'iris' }, { headers: wrong }), { code: UNAUTHENTICATED }, method)
    }
  }
  const index = () => client.call('RepositoryIndex', {}, { headers })
  t.same(await index(), { models: [{ name: 'iris', version: '1', state: 'READY', reason: '' }] })
  t.same(await client.call('RepositoryModelUnload', { model_name: 'iris' }, { headers }), { model_name: 'iris', isUnloaded: true })
  t.match(await index(), { models: [{ name: 'iris', state: 'UNAVAILABLE', reason: /unloaded/ }] })
  t.same(await client.call('RepositoryIndex', { ready: true }, { headers }), { models: [] })
  t.match(await client.fail('ModelInfer', irisRequest()), { code: UNAVAILABLE })
  t.same(await client.call('ServerReady'), { ready: true })
  t.same(await client.call('RepositoryModelLoad', { repository_name: 'iris' }, { headers }), { model_name: 'iris', isLoaded: true }, 'KServe names the model in the first field')
  t.match(await client.call('ModelInfer', irisRequest()), { model_name: 'iris' })
  const parameters = { unload_dependents: { bool_param: true } }
  t.match(await client.call('RepositoryModelUnload', { model_name: 'iris', parameters }, { headers }), { isUnloaded: true })

  t.match(await client.fail('RepositoryModelLoad', { model_name: 'nobody' }, { headers }), { code: NOT_FOUND })
  t.match(await client.fail('RepositoryModelUnload', { model_name: 'nobody' }, { headers }), { code: NOT_FOUND })
  t.match(await client.fail('RepositoryModelLoad', { model_name: '../iris' }, { headers }), { code: INVALID_ARGUMENT })
  t.match(await client.fail('RepositoryModelLoad', { repository_name: 'other', model_name: 'iris' }, { headers }), { code: UNIMPLEMENTED })
  t.match(await client.fail('RepositoryIndex', { repository_name: 'other' }, { headers }), { code: UNIMPLEMENTED })
  for (const key of ['config', 'file:1/model.onnx']) {
    t.match(await client.fail('RepositoryModelLoad', { model_name: 'iris', parameters: { [key]: { string_param: '{}' } } }, { headers }), { code: INVALID_ARGUMENT }, key)
  }
})
