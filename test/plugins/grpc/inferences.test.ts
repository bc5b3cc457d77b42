import { Writable } from 'node:stream'
import t from 'tap'
import { Client, irisRequest, serve } from './client.js'

t.test('an inference is a line of the log and an observation of each stage', async (t) => {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(String(chunk))); done() } })
  const app = await serve(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', LOG_LEVEL: 'info', LOG_PREDICTIONS: 1, LATENCY_BUDGET_MS: 3_600_000 }, stream)
  const client = new Client(t, app)
  await client.call('ModelInfer', irisRequest([[5.1, 3.5, 1.4, 0.2], [6.7, 3, 5.2, 2.3]], { id: 'r-1' }))
  await client.call('ModelInfer', irisRequest())
  await client.fail('ModelInfer', { model_name: 'nobody', id: 'x'.repeat(1000) })
  const [first, second, third, ...others] = lines.filter(({ msg }) => msg === 'gRPC request')
  t.same(others, [])
  t.match(first, {
    level: 30,
    request_id: 'r-1',
    method: 'ModelInfer',
    succeeded: true,
    ms: Number,
    model: 'iris',
    version: '1',
    rows: 2,
    prediction: [0],
    confidence: [Number],
    validate_ms: Number,
    preprocess_ms: 0,
    queue_ms: Number,
    inference_ms: Number,
    format_ms: Number
  })
  t.ok(Number(first?.validate_ms) > 0 && Number(first?.format_ms) > 0)
  t.notOk('request_id' in (second ?? {}), 'the client gave it no name')
  t.match(third, { succeeded: false, request_id: 'x'.repeat(128) })
  t.notOk('model' in (third ?? {}) || 'validate_ms' in (third ?? {}), 'it got to no model')

  const { latency } = app.models.get('iris').lane.queue.statistics
  for (const [stage, { count }] of Object.entries(latency)) t.equal(count, 2, stage)
})

t.test('one beyond the budget of its model is a warning, and no value of it is shown unless asked for', async (t) => {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(String(chunk))); done() } })
  const app = await serve(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', LOG_LEVEL: 'warn', LATENCY_BUDGET_MS: 1 }, stream)
  app.latencyBudget = () => 0
  await new Client(t, app).call('ModelInfer', irisRequest())
  t.match(lines, [{ level: 40, msg: 'slow gRPC request', model: 'iris', inference_ms: Number, budget_ms: 0 }])
  t.notOk('prediction' in (lines[0] ?? {}))
})
