import { readFileSync } from 'node:fs'
import t from 'tap'
import { build, makeStore, zooPath } from '../../../helper.js'

const names = ['one-hot', 'one-hot-some', 'one-hot-merged', 'ordinal', 'ordinal-unknown', 'one-hot-columns']
const store = await makeStore(t, {
  ...Object.fromEntries(names.map((name) => [name, { zoo: name }])),
  named: { zoo: 'one-hot-columns', files: { 'metadata.json': { features: [{ name: 'island', type: 'string' }, { name: 'sex', type: 'string', default: '' }] } } }
})
const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })
const [record] = JSON.parse(readFileSync(zooPath('one-hot').replace('model.onnx', 'expected.json'), 'utf8')).rows

async function predict (name: string, change: object) {
  return await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: { ...record, ...change } })
}

t.test('a value that the encoder of the graph does not know is refused with its field', async (t) => {
  for (const name of ['one-hot', 'one-hot-merged', 'ordinal']) {
    t.equal((await predict(name, {})).statusCode, 200, name)
    const answer = await predict(name, { island: 'Atlantis' })
    t.match(answer.json(), { status: 400, errors: [{ path: '/island', expected: 'one of: Biscoe, Dream, Torgersen', got: '"Atlantis" (string)' }] }, name)
  }
  for (const name of ['one-hot', 'ordinal']) t.match((await predict(name, { year: 1999 })).json(), { status: 400, errors: [{ path: '/year', expected: 'integer from 2007 to 2009' }] }, name)
})

t.test('an encoder that takes unknown values goes on taking them', async (t) => {
  t.equal((await predict('ordinal-unknown', { island: 'Atlantis', sex: 'OTHER', year: 1999 })).statusCode, 200)
  t.equal((await predict('one-hot-some', { sex: 'OTHER', year: 1999 })).statusCode, 200)
  t.equal((await predict('one-hot-some', { island: 'Atlantis' })).statusCode, 400)
})

t.test('the OpenAPI document and GET /models show the categories', async (t) => {
  const { components: { schemas } } = (await app.inject('/openapi.json')).json()
  const documented = Object.values<{ properties?: Record<string, { enum?: unknown[] }> }>(schemas).flatMap(({ properties }) => properties?.island?.enum ? [properties.island.enum] : [])
  t.ok(documented.length > 0)
  for (const values of documented) t.same(values, ['Biscoe', 'Dream', 'Torgersen'])
  const { versions: [version] } = (await app.inject('/models/one-hot')).json()
  t.match(version.features, [{ name: 'island', type: 'category', categories: ['Biscoe', 'Dream', 'Torgersen'] }, { name: 'sex' }, { name: 'year', type: 'integer', minimum: 2007, maximum: 2009 }])
})

t.test('columns of one input are restricted once they have names', async (t) => {
  const post = async (name: string, payload: object) => (await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload })).statusCode
  const row = async (...values: string[]) => (await app.inject({ method: 'POST', url: '/v1/models/named:predict', payload: { instances: [values] } })).statusCode
  t.equal(await post('named', { island: 'Dream' }), 200)
  t.equal(await row('Dream', 'MALE'), 200)
  t.equal(await post('named', { island: 'Atlantis' }), 400)
  t.equal(await row('Atlantis', 'MALE'), 400)
  t.equal(await post('one-hot-columns', { features: ['Dream', 'MALE'] }), 200)
})

t.test('requests are merged, because the probe sends what the encoder knows', async (t) => {
  for (const name of ['one-hot', 'one-hot-merged', 'ordinal', 'named']) t.equal(app.models.get(name).unmerged, undefined, name)
})

t.test('a schema that does not fit is named in the reason, and one that is none ends the start', async (t) => {
  const MODEL_PATH = zooPath('one-hot-columns')
  for (const [schema, reason] of [['{"a":"str"}', "INPUT_SCHEMA: the features fill 1 columns, but the input 'X' has 2"], ['{"a":"str","b":"int"}', "INPUT_SCHEMA: b.type: 'b' is integer, but the input 'X' holds string"]] as const) {
    const app = await build(t, { MODEL_PATH, INPUT_SCHEMA: schema, WORKERS: '1' })
    t.match((await app.inject('/models')).json(), { models: [{ versions: [{ reason }] }] })
  }
  await t.rejects(build(t, { MODEL_PATH, INPUT_SCHEMA: '{"a":"money"}', WORKERS: '1' }), { message: /^INPUT_SCHEMA: a: 'money' is no type/ })
})
