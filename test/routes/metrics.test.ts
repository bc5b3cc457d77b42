import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { build, until, zooPath } from '../helper.js'

const flower = { sepal_length: 4.8, sepal_width: 3, petal_length: 1.4, petal_width: 0.3 }

/** The value of one series of the text format. */
function valueOf (text: string, series: string): number | undefined {
  const line = text.split('\n').find((line) => line.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

t.test('predictions, rows, runs and HTTP requests are counted', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris' })
  const fresh = (await app.inject('/metrics')).body
  t.equal(valueOf(fresh, 'model_server_requests_total{model="iris",version="1",outcome="success"}'), 0, 'what happened while loading does not count')
  t.equal(valueOf(fresh, 'model_server_rows_total{model="iris",version="1"}'), 0)
  t.notMatch(fresh, /nan\b|eventloop_lag/i, 'nobody has looked at the event loop yet')
  t.match(fresh, /^nodejs_version_info/m)
  for (const kind of ['user_', 'system_', '']) t.ok((valueOf(fresh, `process_cpu_${kind}seconds_total`) ?? 0) > 0, 'the process has worked before')

  for (let i = 0; i < 3; i++) await app.inject({ method: 'POST', url: '/predict', payload: flower })
  await app.inject({ method: 'POST', url: '/predict', payload: [flower, flower] })
  await app.inject({ method: 'POST', url: '/models/iris/predict', payload: { ...flower, sepal_width: 'wide' } })
  await app.inject('/nowhere')
  await app.inject('/predict')

  const answer = await app.inject('/metrics')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const text = answer.body
  t.match(text, /^# TYPE model_server_requests_total counter$/m)
  t.match(text, /^# TYPE model_server_stage_duration_seconds histogram$/m)
  const model = 'model="iris",version="1"'
  t.equal(valueOf(text, `model_server_requests_total{${model},outcome="success"}`), 4)
  t.equal(valueOf(text, `model_server_rows_total{${model}}`), 5)
  t.equal(valueOf(text, `model_server_runs_total{${model}}`), 4)
  t.equal(valueOf(text, `model_server_batch_rows_bucket{${model},le="1"}`), 3)
  t.equal(valueOf(text, `model_server_batch_rows_bucket{${model},le="2"}`), 4)
  t.equal(valueOf(text, `model_server_batch_rows_sum{${model}}`), 5)
  for (const stage of ['validate', 'preprocess', 'queue', 'inference', 'format', 'total']) {
    t.equal(valueOf(text, `model_server_stage_duration_seconds_count{${model},stage="${stage}"}`), 4, stage)
    t.equal(valueOf(text, `model_server_stage_duration_seconds_bucket{${model},stage="${stage}",le="+Inf"}`), 4, stage)
  }
  t.equal(valueOf(text, 'model_server_http_requests_total{method="POST",route="/predict",status="200"}'), 4)
  t.equal(valueOf(text, 'model_server_http_requests_total{method="POST",route="/models/:model/predict",status="400"}'), 1)
  t.equal(valueOf(text, 'model_server_http_requests_total{method="other",route="/predict",status="405"}'), 1)
  t.equal(valueOf(text, 'model_server_http_requests_total{method="",route="",status="404"}'), 1)
  t.equal(valueOf(text, `model_server_queue_rows{${model}}`), 0)
  t.equal(valueOf(text, 'model_server_models{state="ready"}'), 1)
  t.equal(valueOf(text, 'model_server_threads'), 1)
  t.equal(valueOf(text, 'model_server_threads_replaced_total'), 0)
  t.equal(valueOf(text, 'model_server_ready'), 1)
  t.notMatch(text, /\bNaN\b|undefined/i)
  let later = ''
  await until(async () => {
    // As often as this asks, some answers have no sample; none may show an empty histogram.
    later = (await app.inject('/metrics')).body
    t.notMatch(later, /\bNaN\b/i)
    t.ok((valueOf(later, 'nodejs_eventloop_lag_min_seconds') ?? 0) < 1e9)
    await delay(20)
    return valueOf(later, 'nodejs_eventloop_lag_mean_seconds') !== undefined
  })
  t.ok((valueOf(later, 'nodejs_eventloop_lag_min_seconds') ?? Infinity) <= (valueOf(later, 'nodejs_eventloop_lag_max_seconds') ?? 0))
})

t.test('every protocol is observed in every stage, once for a request', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris', POOL_PARSE_BYTES: 200 })
  const rows = (count: number) => Array(count).fill(Object.values(flower))
  const tensor = (count: number) => ({ inputs: [{ name: 'float_input', shape: [count, 4], datatype: 'FP32', data: rows(count).flat() }] })
  let asked = 0
  for (const [url, payload] of [
    ['/predict', flower], ['/predict/batch', { instances: rows(2) }], ['/predict/batch', { instances: rows(50) }], ['/models/iris/predict', flower],
    ['/v1/models/iris:predict', { instances: rows(2) }], ['/v2/models/iris/infer', tensor(1)], ['/v2/models/iris/infer', tensor(50)]
  ] as const) {
    t.equal((await app.inject({ method: 'POST', url, payload })).statusCode, 200, url)
    asked++
    const text = (await app.inject('/metrics')).body
    for (const stage of ['validate', 'preprocess', 'queue', 'inference', 'format', 'total']) {
      t.equal(valueOf(text, `model_server_stage_duration_seconds_count{model="iris",version="1",stage="${stage}"}`), asked, `${url}: ${stage}`)
    }
    for (const stage of ['validate', 'format']) t.ok((valueOf(text, `model_server_stage_duration_seconds_sum{model="iris",version="1",stage="${stage}"}`) ?? 0) > 0, `${url}: ${stage}`)
  }
  await app.inject({ method: 'POST', url: '/preprocess?scaled=1', payload: flower })
  await app.inject({ method: 'POST', url: '/predict', payload: {} })
  t.equal(valueOf((await app.inject('/metrics')).body, 'model_server_stage_duration_seconds_count{model="iris",version="1",stage="validate"}'), asked, 'what is no prediction is not among them')
})

t.test('four predictions of which one failed are 4 and 0.25', async (t) => {
  const app = await build(t, { WORKERS: '1', MODEL_PATH: zooPath('fails-on-13') })
  const [input] = (await app.inject('/models')).json().models[0].versions[0].inputs
  const width = input.shape[1] ?? 1
  const summarize = async () => (await app.inject({ url: '/metrics', headers: { accept: 'application/json' } })).json()
  t.match(await summarize(), { requests_total: 0, error_rate: 0, prediction_latency_avg: 0 })
  for (const value of [1, 13, 2, 3]) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/predict/batch', payload: { instances: [Array(width).fill(value)] } })
    t.equal(statusCode, value === 13 ? 500 : 200)
  }
  await app.inject('/health')
  const summary = await summarize()
  t.match(summary, { requests_total: 4, requests_failed: 1, error_rate: 0.25, models_loaded: 1, queue_rows: 0, threads: 1, threads_replaced: 0 })
  t.ok(summary.prediction_latency_avg > 0)
  const text = (await app.inject('/metrics')).body
  t.equal(valueOf(text, 'model_server_requests_total{model="fails-on-13",version="1",outcome="inference_failed"}'), 1)

  for (const [accept, type] of [['*/*', /^text\/plain/], ['application/openmetrics-text;version=1.0.0', /^text\/plain/], ['text/html, text/*;q=0.1', /^text\/plain/], ['', /^text\/plain/], ['text/plain;version=0.0.4;q=0.3,*/*;q=0.1', /^text\/plain/], ['application/json', /^application\/json/], ['application/json, text/plain, */*', /^application\/json/]] as const) {
    t.match((await app.inject({ url: '/metrics', headers: { accept } })).headers['content-type'], type, accept)
  }
  for (const accept of ['text/html', 'image/*', 'application/xml, text/plain;q=0']) {
    for (const method of ['GET', 'HEAD'] as const) {
      const refused = await app.inject({ method, url: '/metrics', headers: { accept } })
      t.same([refused.statusCode, refused.headers['content-type']], [406, 'application/problem+json'])
      if (method === 'GET') t.match(refused.json(), { status: 406, code: 'NOT_ACCEPTABLE', detail: `This is offered as text/plain or application/json, not as ${accept}` })
    }
  }
  t.match((await app.inject({ url: '/metrics/prometheus', headers: { accept: 'application/json' } })).headers['content-type'], /^text\/plain/)
})

t.test('a thread that was lost and replaced is counted', async (t) => {
  const started: Promise<Worker[]> = once(process, 'worker') as never
  const app = await build(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris' })
  const [worker] = await started
  await worker?.terminate()
  await until(async () => valueOf((await app.inject('/metrics')).body, 'model_server_threads_replaced_total') === 1)
  await until(async () => valueOf((await app.inject('/metrics')).body, 'model_server_threads') === 1)
  t.equal((await app.inject({ method: 'POST', url: '/predict', payload: flower })).statusCode, 200)
})
