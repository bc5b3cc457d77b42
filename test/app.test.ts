import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { build, create, hold, makeStore, until, zooPath } from './helper.js'

const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

t.test('paths and methods', async (t) => {
  const app = await build(t)

  await t.test('a method that a path lacks is a 405 with Allow', async (t) => {
    for (const [path, allow, wrong] of [
      ['/predict', 'POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
      ['/predict/batch', 'POST', ['GET', 'PUT']],
      ['/models/iris/predict', 'POST', ['GET', 'HEAD', 'DELETE']],
      ['/models/iris/versions/1/predict/batch', 'POST', ['GET', 'PATCH']],
      ['/preprocess', 'POST', ['GET']],
      ['/models', 'GET, HEAD', ['POST', 'PUT', 'DELETE', 'OPTIONS']],
      ['/models/iris', 'GET, HEAD', ['POST', 'DELETE']],
      ['/health', 'GET, HEAD', ['POST']],
      ['/readyz', 'GET, HEAD', ['DELETE']],
      ['/info', 'GET, HEAD', ['POST']],
      ['/metrics', 'GET, HEAD', ['POST']],
      ['/openapi.json', 'GET, HEAD', ['POST']],
      ['/v2/models/iris/infer', 'POST', ['GET', 'PUT']],
      ['/v2', 'GET, HEAD', ['POST']]
    ] as const) {
      for (const method of wrong) {
        const answer = await app.inject({ method, url: path })
        t.same([answer.statusCode, answer.headers.allow], [405, allow], `${method} ${path}`)
        if (method !== 'HEAD' && !path.startsWith('/v2')) t.match(answer.json(), { status: 405, code: 'METHOD_NOT_ALLOWED', detail: `${method} is not allowed here, only ${allow}` })
      }
    }
  })

  await t.test('what does not exist is a 404 problem, what is no URL a 400', async (t) => {
    for (const [method, url, status] of [['GET', '/nothing', 404], ['POST', '/predictions', 404], ['GET', '/Health', 404], ['GET', '//health', 404], ['POST', '/models//predict', 404], ['GET', '/%zz', 400], ['GET', '/models/%', 400], ['POST', '/models/%ff/predict', 400], ['GET', `/models/${'a'.repeat(300)}`, 404]] as const) {
      const answer = await app.inject({ method, url })
      t.equal(answer.statusCode, status, url)
      t.equal(answer.headers['content-type'], 'application/problem+json', url)
      t.match(answer.json(), { type: 'about:blank', status, request_id: uuid7, errors: [] }, url)
      t.equal(answer.headers['x-request-id'], answer.json().request_id, url)
    }
  })

  await t.test('a slash at the end changes nothing', async (t) => {
    t.equal((await app.inject('/health/')).statusCode, 200)
    t.equal((await app.inject({ method: 'POST', url: '/predict/', payload: setosa })).statusCode, 200)
    t.equal((await app.inject({ method: 'POST', url: '/models/iris/predict/', payload: setosa })).statusCode, 200)
    t.equal((await app.inject('/predict/')).statusCode, 405)
  })

  await t.test('HEAD answers like GET', async (t) => {
    for (const url of ['/health', '/ready', '/livez', '/models', '/models/iris', '/models/iris/versions/1', '/info', '/openapi.json']) {
      const [head, get] = [await app.inject({ method: 'HEAD', url }), await app.inject(url)]
      t.same([head.statusCode, head.headers['content-type'], head.body], [200, get.headers['content-type'], ''], url)
    }
  })

  await t.test('a request has an id, its own when that is well-formed', async (t) => {
    const ask = async (headers: Record<string, string>, payload: object = setosa) => {
      const answer = await app.inject({ method: 'POST', url: '/predict', headers, payload })
      t.equal(answer.headers['x-request-id'], answer.json().request_id)
      return answer.json().request_id
    }
    for (const payload of [setosa, {}]) {
      for (const id of ['a', 'req-1', '0af7651916cd43dd8448eb211c80319c', 'user@host:1/2+3=~._', 'x'.repeat(128)]) {
        t.equal(await ask({ 'x-request-id': id }, payload), id)
        t.equal(await ask({ 'x-correlation-id': id }, payload), id)
      }
      for (const id of ['', ' ', 'two words', 'x'.repeat(129), '"quoted"', '<script>', 'a,b', 'tab\there', 'é']) {
        t.match(await ask({ 'x-request-id': id }, payload), uuid7, JSON.stringify(id))
        t.equal(await ask({ 'x-request-id': id, 'x-correlation-id': 'good' }, payload), 'good')
      }
    }
    t.equal(await ask({ 'x-request-id': 'first', 'x-correlation-id': 'second' }), 'first')
    const ids = new Set(await Promise.all(Array.from({ length: 100 }, async () => await ask({}))))
    t.equal(ids.size, 100)
    for (const url of ['/health', '/models', '/v2/health/ready', '/nothing', '/v2/nothing']) {
      t.equal((await app.inject({ url, headers: { 'x-request-id': 'mine' } })).headers['x-request-id'], 'mine', url)
    }
  })
})

t.test('two applications with different stores live in one process', async (t) => {
  const store = await makeStore(t, { flowers: { zoo: 'logistic-string-labels' } })
  const [flowers, examples] = await Promise.all([build(t, { MODEL_STORE: store }), build(t, { DEFAULT_MODEL: 'template-rf', BATCH_MAX: 1 })])
  const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
    const [app, payload] = index % 2 === 0 ? [flowers, { features: [5.1, 3.5, 1.4, 0.2] }] : [examples, {}]
    return (await app.inject({ method: 'POST', url: '/predict', payload })).json()
  }))
  answers.forEach((answer, index) => t.match(answer, index % 2 === 0 ? { prediction: 'setosa', model: 'flowers' } : { prediction: [0], model: 'template-rf' }))
  t.same((await flowers.inject('/models')).json().models.map(({ name }: { name: string }) => name), ['flowers'])
  t.equal((await examples.inject('/models')).json().models.length, 5)
  await flowers.close()
  t.equal((await examples.inject({ method: 'POST', url: '/predict', payload: {} })).statusCode, 200, 'the end of one is not the end of the other')
})

t.test('MODEL_PATH names a file, a version folder, a model folder or a mount', async (t) => {
  const folder = await makeStore(t, { churn: { zoo: 'random-forest-binary' } })
  mkdirSync(join(folder, 'mount'))
  for (const file of ['mount/model.onnx', 'bare.onnx']) cpSync(zooPath('random-forest-binary'), join(folder, file))
  for (const [path, name] of [['churn/1/model.onnx', 'churn'], ['churn/1', 'churn'], ['churn', 'churn'], ['mount', 'mount'], ['bare.onnx', 'bare']] as const) {
    const app = await build(t, { MODEL_PATH: join(folder, path) })
    t.match((await app.inject('/models')).json().models, [{ name, default: true, versions: [{ version: '1', state: 'READY' }] }], path)
    t.match((await app.inject({ method: 'POST', url: '/predict', payload: { features: [1, 2, 3, 4] } })).json(), { model: name, model_version: '1' }, path)
    await app.close()
  }
})

t.test('a server that has too much to do says so', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris', config: { queue: { max_rows: 4, timeout_ms: 3_600_000 } } } })
  const app = await build(t, { MODEL_STORE: store, REQUEST_TIMEOUT_MS: 3_600_000 })
  const ask = async (payload: object, headers = {}) => await app.inject({ method: 'POST', url: '/predict', payload, headers })
  const queue = hold(app, 'iris')
  const late = await ask(setosa, { 'x-request-timeout-ms': '1' })
  t.match(late.json(), { status: 504, code: 'DEADLINE_EXCEEDED', detail: 'No answer within 1 ms' })
  const waiting = ask([setosa, setosa, setosa])
  await until(() => queue.rowsWaiting === 3)
  const refused = await ask([setosa, setosa])
  t.same([refused.statusCode, refused.headers['retry-after'], refused.headers['content-type']], [503, '1', 'application/problem+json'])
  t.match(refused.json(), { code: 'QUEUE_FULL', detail: "The queue of model 'iris' is full (4 rows)" })
  queue.options.maxDelayUs = 0
  t.equal((await ask(setosa)).statusCode, 200)
  t.match((await waiting).json(), { prediction: [0, 0, 0] })
})

t.test('a failure that nobody foresaw tells a client nothing', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' } })
  const app = await build(t, { MODEL_STORE: store })
  const model = app.models.get('iris')
  model.predict = async () => { throw Object.assign(new Error(`no such file ${store}`), { code: 'ENOENT' }) }
  const answer = await app.inject({ method: 'POST', url: '/predict', payload: setosa })
  t.equal(answer.headers['content-type'], 'application/problem+json')
  t.match(answer.json(), { status: 500, title: 'Internal Server Error', code: 'INTERNAL_ERROR', detail: 'The request could not be answered', errors: [] })
  t.notMatch(answer.body, store)
})

t.test('how long a request may arrive and a connection stay open are settings', async (t) => {
  const { server } = await create(t, { REQUEST_RECEIVE_TIMEOUT_MS: 5000, KEEP_ALIVE_TIMEOUT_MS: 3000 })
  t.same([server.requestTimeout, server.keepAliveTimeout], [5000, 3000])
})
