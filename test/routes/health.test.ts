import t from 'tap'
import { build, create, makeStore, start } from '../helper.js'

t.test('the probes', async (t) => {
  const app = await create(t)
  await app.ready()
  const get = async (url: string, accept?: string) => {
    const answer = await app.inject({ url, headers: accept === undefined ? {} : { accept } })
    return [answer.statusCode, answer.headers['content-type'], answer.body]
  }
  const json = 'application/json; charset=utf-8'

  t.same(await get('/health'), [200, json, '{"status":"healthy","model_loaded":false}'], 'alive while the models load')
  t.same(await get('/ready'), [503, 'text/plain', 'not ready'])
  t.equal((await app.inject('/ready')).headers['retry-after'], '1')
  t.same(await get('/readyz', 'application/json'), [503, json, '{"ready":false,"reason":"models are being loaded"}'])
  t.same(await get('/livez'), [200, json, '{"status":"ok"}'])
  await start(app)

  for (const accept of [undefined, '*/*', 'application/json', 'text/html,*/*;q=0.8', 'text/plain;q=0.5, application/json', 'text/html', 'image/png', 'text/plain;q=0']) {
    t.same(await get('/health', accept), [200, json, '{"status":"healthy","model_loaded":true}'], accept ?? 'no wish')
  }
  for (const accept of ['text/plain', 'text/plain, */*', 'text/plain, application/json;q=0.9', 'Text/Plain; charset=utf-8', 'text/html, text/plain;q=0.9, */*;q=0.1']) {
    t.same(await get('/health', accept), [200, 'text/plain', 'up'], accept)
  }
  for (const path of ['/ready', '/readyz']) {
    t.same(await get(path), [200, 'text/plain', 'ready'])
    t.same(await get(path, '*/*'), [200, 'text/plain', 'ready'])
    for (const accept of ['application/json', 'application/json, text/plain, */*', 'text/plain;q=0.5, application/json']) t.same(await get(path, accept), [200, json, '{"ready":true}'], accept)
    for (const accept of ['image/png', 'text/plain, application/json', 'application/json;q=0']) t.same(await get(path, accept), [200, 'text/plain', 'ready'], 'whatever a probe accepts')
  }
  t.same(await get('/livez', 'text/plain'), [200, json, '{"status":"ok"}'])
  t.same(await get('/health?check=1'), await get('/health'), 'what a balancer adds to the path does no harm')

  app.models.drain()
  t.same(await get('/ready', 'application/json'), [503, json, '{"ready":false,"reason":"the server is shutting down"}'])
  t.same(await get('/livez'), [200, json, '{"status":"ok"}'])
  t.equal((await app.inject({ method: 'POST', url: '/predict', payload: { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 } })).statusCode, 200, 'what still comes is answered')
})

t.test('HEALTH_STYLE fixes one form', async (t) => {
  for (const [HEALTH_STYLE, body] of [['text', 'up'], ['json', '{"status":"healthy","model_loaded":false}'], ['ok', '{"status":"ok"}']] as const) {
    const app = await build(t, { HEALTH_STYLE, MODEL_STORE: await makeStore(t) })
    for (const accept of ['*/*', 'text/plain', 'application/json']) {
      const answer = await app.inject({ url: '/health', headers: { accept } })
      t.same([answer.statusCode, answer.body], [200, body])
    }
  }
})

t.test('a store of which nothing can be loaded is not ready', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t, { broken: { zoo: 'broken/empty' } }) })
  t.same((await app.inject({ url: '/ready', headers: { accept: 'application/json' } })).json(), { ready: false, reason: 'no model is loaded' })
  t.same((await app.inject('/health')).json(), { status: 'healthy', model_loaded: false })
})
