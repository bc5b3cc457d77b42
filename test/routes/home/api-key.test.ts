import t from 'tap'
import { withKey } from '../../../routes/home/api-key.js'
import { build } from '../../helper.js'

t.test('a server that wants a key gets the one that the person gives, and no other is asked for', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris', API_KEYS: 'the-one-of-the-lab' })
  const given = ['none of them', 'schlüssel', '', 'wrong', 'the-one-of-the-lab']
  const asked: boolean[] = []
  const sent: (string | undefined)[] = []
  const ask = withKey(async (isWrong) => {
    asked.push(isWrong)
    return given.shift() ?? ''
  }, async (url, { method = 'GET', headers, body }) => {
    sent.push(headers['x-api-key'])
    const { statusCode: status, body: text } = await app.inject({ method: method === 'POST' ? 'POST' : 'GET', url, headers, ...(body !== undefined && { payload: body }) })
    return new Response(text, { status })
  })
  t.match(await (await ask('/models', { headers: {} })).json(), { models: [{ name: 'iris' }] })
  t.same([asked, sent], [[false, true, true, true, true], [undefined, 'wrong', 'the-one-of-the-lab']])
  const body = '{"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2}'
  t.equal((await ask('/models/iris/predict', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status, 200)
  t.equal((await ask('/models/iris/predict', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status, 400, 'what else is wrong is told')
  t.same([asked.length, sent.length], [5, 5])
})

t.test('a server that wants none is asked without', async (t) => {
  const ask = withKey(async () => { throw new Error('there is nothing to ask for') }, async (_url, { headers }) => {
    t.same(headers, { accept: 'application/json' })
    return new Response('{}')
  })
  t.equal((await ask('/models', { headers: { accept: 'application/json' } })).status, 200)
})
