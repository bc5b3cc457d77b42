import t from 'tap'
import { create } from '../helper.js'

t.test('the root leads to the documentation', async (t) => {
  const app = await create(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris' })
  const answer = await app.inject('/')
  t.equal(answer.statusCode, 302)
  t.equal(answer.headers.location, '/docs')
  t.equal((await app.inject({ method: 'POST', url: '/' })).statusCode, 405)
})
