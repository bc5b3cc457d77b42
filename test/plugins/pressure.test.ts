import t from 'tap'
import { build, until } from '../helper.js'

function block (ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

t.test('a lagging event loop refuses predictions and answers probes', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', MAX_EVENT_LOOP_DELAY_MS: 5 })
  // It goes on, so that no later sample finds the loop idle again.
  const lag = setInterval(block, 1, 25)
  t.teardown(() => clearInterval(lag))
  await until(() => app.isUnderPressure())
  const answer = await app.inject({ method: 'POST', url: '/predict', payload: {} })
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '1')
  t.equal(answer.headers['content-type'], 'application/problem+json')
  t.match(answer.json(), { code: 'OVERLOADED', status: 503 })
  t.equal((await app.inject('/v2/models/iris')).statusCode, 503)
  const oip = ['/v2/health/live', '/v2/health/ready', '/v2/models/iris/ready', '/v2/models/iris/versions/1/ready', '/v1/models/iris']
  for (const url of ['/health', '/livez', '/ready', '/readyz', '/metrics', ...oip]) t.equal((await app.inject(url)).statusCode, 200, url)
})

t.test('0 turns the limit off', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', MAX_EVENT_LOOP_DELAY_MS: 0 })
  t.notOk(app.hasDecorator('isUnderPressure'))
})
