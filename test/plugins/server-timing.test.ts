import t from 'tap'
import { build } from '../helper.js'

const flower = { sepal_length: 4.8, sepal_width: 3, petal_length: 1.4, petal_width: 0.3 }

t.test('predictions say where their time went, other requests do not', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', SERVER_TIMING: true })
  const answer = await app.inject({ method: 'POST', url: '/predict', payload: flower })
  const stages = String(answer.headers['server-timing']).split(', ').map((entry) => /^(\w+);dur=(\d+\.\d{3})$/.exec(entry) ?? [])
  t.same(stages.map(([, stage]) => stage), ['validate', 'preprocess', 'queue', 'inference', 'format'])
  t.ok(stages.some(([, stage, ms]) => stage === 'inference' && Number(ms) > 0))
  t.notOk('server-timing' in (await app.inject('/livez')).headers)
  t.notOk('server-timing' in (await app.inject({ method: 'POST', url: '/predict', payload: {} })).headers)
})

t.test('checking tensors counts as validation', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', SERVER_TIMING: true })
  const payload = { inputs: [{ name: 'float_input', shape: [50, 4], datatype: 'FP32', data: Array(200).fill(1) }] }
  const header = String((await app.inject({ method: 'POST', url: '/v2/models/iris/infer', payload })).headers['server-timing'])
  t.match(header, /^validate;dur=(?!0\.000,)\d+\.\d{3}, preprocess;dur=0\.000, queue;/)
})

t.test('what is shown instead of predicted is timed as well', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', SERVER_TIMING: true })
  const header = String((await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: flower })).headers['server-timing'])
  t.match(header, /^validate;dur=(?!0\.000,)/)
})

t.test('without SERVER_TIMING nobody does', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris' })
  t.notOk('server-timing' in (await app.inject({ method: 'POST', url: '/predict', payload: flower })).headers)
})
