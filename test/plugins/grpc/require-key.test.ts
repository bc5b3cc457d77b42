import { Metadata } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { createRequire } from 'node:module'
import t from 'tap'
import { Client, finish, healthService, irisRequest, readService, serve } from './client.js'

const UNAUTHENTICATED = 16
const key = 'key-of-the-only-client'
const admin = 'token-of-the-administrator'
const refusal = { code: UNAUTHENTICATED, details: 'A valid API key is required' }

t.test('with keys a call needs one, in either header, and probes need none', async (t) => {
  const app = await serve(t, { MODEL_PATH: 'model-store/iris', API_KEYS: key, ADMIN_TOKEN: admin, REPOSITORY_CONTROL: true, WORKERS: '1' })
  const client = new Client(t, app)
  const calls = [
    ['ModelInfer', irisRequest()], ['ModelMetadata', { name: 'iris' }], ['ModelReady', { name: 'iris' }], ['ModelConfig', { name: 'iris' }],
    ['ModelStatistics', {}], ['ServerMetadata', {}]
  ] as const
  for (const [method, request] of calls) {
    for (const headers of [{}, { 'x-api-key': 'wrong' }, { authorization: key }, { authorization: `Bearer ${key}x` }]) t.same(await client.fail(method, request, { headers }), refusal, method)
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }, { authorization: `Bearer ${admin}` }]) await t.resolves(client.call(method, request, { headers }), method)
  }
  t.same(await client.call('ServerLive'), { live: true })
  t.same(await client.call('ServerReady'), { ready: true })
  t.same(await new Client(t, app, healthService).call('Check', { service: '' }), { status: 'SERVING' })

  await t.test('the repository needs the token', async (t) => {
    t.same(await client.fail('RepositoryIndex'), refusal)
    t.same(await client.fail('RepositoryIndex', {}, { headers: { 'x-api-key': key } }), { code: UNAUTHENTICATED, details: 'A valid bearer token is required' })
    t.match(await client.call('RepositoryIndex', {}, { headers: { authorization: `Bearer ${admin}` } }), { models: [{ name: 'iris' }] })
  })

  await t.test('a stream is refused as a whole, and what it sends is not run', async (t) => {
    const stream = client.stream('ModelStreamInfer')
    const ended = finish(stream)
    stream.on('data', () => t.fail('there is no answer')).write(irisRequest())
    t.equal(await ended, UNAUTHENTICATED)
    const metadata = new Metadata()
    metadata.set('x-api-key', key)
    const allowed = client.stream('ModelStreamInfer', metadata)
    allowed.end(irisRequest())
    t.match(await new Promise((resolve) => allowed.once('data', resolve)), { error_message: '', infer_response: { model_name: 'iris' } })
    t.equal(await finish(allowed), 0)
  })

  await t.test('so is reflection', async (t) => {
    const file = createRequire(import.meta.url).resolve('@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto')
    const reflection = new Client(t, app, readService(loadSync(file), 'grpc.reflection.v1.ServerReflection'))
    t.equal(await finish(reflection.stream('ServerReflectionInfo')), UNAUTHENTICATED)
  })
  const { model_stats: [statistics] } = await client.call('ModelStatistics', {}, { headers: { 'x-api-key': key } })
  t.equal(statistics?.inference_count, '4', 'those with a key have been run')
})
