import t from 'tap'
import { build, makeStore, stopBefore } from '../helper.js'
import { exampleAnswers, near, refused } from '../oip.js'

const app = await build(t, { POOL_PARSE_BYTES: 5000 })
const predict = (model: string, payload: string | object | Buffer, headers = {}) => app.inject({ method: 'POST', url: `/v1/models/${model}:predict`, payload, headers })

t.test('models are listed and ready', async (t) => {
  const list = await app.inject('/v1/models')
  t.equal(list.headers['content-type'], 'application/json')
  t.strictSame(list.json(), { models: ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf'] })
  t.strictSame((await app.inject('/v1/models/iris')).json(), { name: 'iris', ready: true })
  refused(t, await app.inject('/v1/models/nope'), 404, /no model 'nope'/)
})

t.test('records and rows are predicted with plain values', async (t) => {
  const { records, predictions } = exampleAnswers('iris')
  const response = await predict('iris', { instances: records })
  t.equal(response.headers['content-type'], 'application/json')
  t.strictSame(response.json(), { predictions })
  t.strictSame((await predict('iris', { instances: records.map((record) => Object.values(record)) })).json(), { predictions })
  const penguins = exampleAnswers('penguins')
  t.strictSame((await predict('penguins', { instances: penguins.records, unknown: true })).json(), { predictions: penguins.predictions })
  const diabetes = exampleAnswers('diabetes')
  near(t, (await predict('diabetes', { instances: diabetes.records })).json().predictions, diabetes.predictions.map(Number), 1e-2)
})

t.test('a batch has no limit but that of the body, and big ones are read in the pool', async (t) => {
  const { records, predictions } = exampleAnswers('iris')
  const times = 60
  const response = await predict('iris', { instances: Array.from({ length: times }, () => records).flat() })
  t.strictSame(response.json(), { predictions: Array.from({ length: times }, () => predictions).flat() })
})

t.test('any content type and unknown features will do', async (t) => {
  const { records: [record], predictions: [prediction] } = exampleAnswers('iris')
  for (const type of [undefined, 'application/json; charset=utf-8', 'text/plain', 'foo']) {
    const response = await predict('iris', Buffer.from(JSON.stringify({ instances: [{ ...record, unknown: 1 }] })), type === undefined ? {} : { 'content-type': type })
    t.strictSame(response.json(), { predictions: [prediction] }, String(type))
  }
})

t.test('what cannot be predicted is refused with a plain error', async (t) => {
  refused(t, await predict('nope', '{'), 404, /no model 'nope'/)
  for (const body of ['', '{', '[]', '{}', '{"instances":1}', '{"instances":[]}', '{"instances":[["a"]]}', '{"instances":[[1,2]]}', '{"instances":[{"sepal_length":1}]}']) {
    refused(t, await predict('iris', body), 400, /./, body)
  }
  refused(t, await predict('iris', `{"instances":[${'[1,2],'.repeat(2000)}[1]]}`), 400, /./)
  refused(t, await predict('iris', '{}', { 'content-encoding': 'br' }), 415, /gzip or deflate/)
  const get = await app.inject('/v1/models/iris:predict')
  refused(t, get, 405, /not allowed/)
  t.equal(get.headers.allow, 'POST')
  refused(t, await app.inject({ method: 'POST', url: '/v1/models/iris:explain', payload: '{"instances":[]}' }), 501, /explain is not offered/)
  refused(t, await app.inject('/v1/models/iris:explain'), 405, /not allowed/)
  refused(t, await app.inject({ method: 'POST', url: '/v1/models/iris' }), 405, /not allowed/)
  refused(t, await app.inject('/v1/nope'), 404, /nothing at/)
})

t.test('a plain error names the fields, of many the first', async (t) => {
  const refusedWith = async (model: string, payload: object, message: string) => refused(t, await predict(model, payload), 400, message)
  const good = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
  await refusedWith('iris', { instances: [good, { ...good, petal_width: 'wide' }] }, 'instances/1/petal_width must be a number from 0 to 30')
  await refusedWith('iris', { instances: [{ ...good, sepal_length: null, petal_width: 'wide' }] }, '2 fields are invalid: /instances/0/sepal_length must be a number from 0 to 30; /instances/0/petal_width must be a number from 0 to 30')
  await refusedWith('iris', { instances: [[1, 2, 3, 4], [1, 2]] }, 'Expected 4 features: /instances/1 Expected 4 features')
  refused(t, await predict('iris', { instances: [{}, {}] }), 400, /^8 fields are invalid: (\/instances\/[01]\/\w+ is required; ){5}…$/)
  refused(t, await predict('iris', { instances: [good] }, { 'x-request-timeout-ms': 'x' }), 400, /^X-Request-Timeout-Ms must be a whole number of milliseconds$/)
})

t.test('several outputs come as an object', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t, { several: { zoo: 'several-outputs' } }) })
  const response = await app.inject({ method: 'POST', url: '/v1/models/several:predict', payload: { instances: [[5.1, 3.5, 1.4, 0.2], [7, 3.2, 4.7, 1.4]] } })
  const { predictions } = response.json()
  t.equal(predictions.length, 2)
  near(t, predictions[0].embedding, [-2.684125665884617, 0.31939717241507815])
})

t.test('more rows than the queue of a model holds are predicted one by one, also across a reload', async (t) => {
  const store = await makeStore(t, { fixed: { zoo: 'torch-fixed-batch-of-1', config: { queue: { max_rows: 8 } } } })
  const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })
  const rows = Array.from({ length: 500 }, (_, row) => row % 2 === 0 ? [5.9, 3.2, 4.8, 1.8] : [5.1, 3.5, 1.4, 0.2])
  const ask = () => app.inject({ method: 'POST', url: '/v1/models/fixed:predict', payload: { instances: rows } })
  const expected = await ask()
  t.equal(expected.statusCode, 200, expected.body)
  const { predictions } = expected.json()
  t.equal(predictions.length, 500)
  t.notSame(predictions[0], predictions[1])
  t.same(predictions, rows.map((_, row) => predictions[row % 2]))
  const model = app.models.get('fixed')
  const stop = stopBefore(app, 'fixed')
  const asked = ask()
  await stop.reached
  const closed = model.close()
  stop.release()
  t.same((await asked).json(), { predictions })
  await closed
})
