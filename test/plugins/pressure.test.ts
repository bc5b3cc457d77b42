import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { build, until } from '../helper.js'

function block (ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

t.test('a lagging event loop refuses predictions and answers probes', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', MAX_EVENT_LOOP_DELAY_MS: 20 })
  await until(async () => {
    block(100)
    await delay(1)
    return app.isUnderPressure()
  })
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
