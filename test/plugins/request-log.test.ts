import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { LogController } from 'fastify'
import t, { type Test } from 'tap'
import { loadConfig, type Config } from '../../config.js'
import deadline from '../../plugins/deadline.js'
import { Statistics } from '../../plugins/inference/statistics.js'
import type { ModelRegistry } from '../../plugins/models/registry.js'
import requestLog from '../../plugins/request-log.js'
import { build, makeStore } from '../helper.js'

/** The registry knows one model, with a budget of its own if given. */
function know (name: string, budget: number | undefined) {
  const entry = { stored: { config: { latency_budget_ms: budget } } }
  return { find: (asked: string) => asked === name ? entry : undefined } as unknown as ModelRegistry
}

async function serve (level: Config['LOG_LEVEL'], { own, general = 0 }: { own?: number, general?: number } = {}) {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(String(chunk))); done() } })
  const app = Fastify({ logger: { level, stream }, genReqId: () => 'r-1', logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }) })
  app.decorate('config', { ...loadConfig({}), LOG_LEVEL: level, LATENCY_BUDGET_MS: general })
  app.decorate('models', know('iris', own))
  await app.register(deadline)
  await app.register(requestLog)
  app.post('/predict', async (_request, reply) => {
    const { journal } = reply.startDeadline()
    journal.read(0.25, 0.125)
    journal.enter('iris', '2', 3, new Statistics())
    journal.leave(0.5, 1.25, performance.now())
    // Longer than a budget of 1 ms, however coarse the clock.
    await delay(5)
    return { prediction: 'secret-answer' }
  })
  app.get('/livez', async () => ({ status: 'ok' }))
  return { app, lines }
}

t.test('each request is one line, a prediction with its model and none of its values', async (t) => {
  const { app, lines } = await serve('info')
  await app.inject({ method: 'POST', url: '/predict?proba=1', payload: { income: 987654 } })
  await app.inject('/livez')
  await app.inject('/nowhere')
  t.equal(lines.length, 3)
  t.match(lines[0], { level: 30, request_id: 'r-1', method: 'POST', url: '/predict?proba=1', status: 200, ms: Number, model: 'iris', version: '2', rows: 3, validate_ms: 0.25, preprocess_ms: 0.125, queue_ms: 0.5, inference_ms: 1.25, format_ms: Number, msg: 'request' })
  t.match(lines[1], { method: 'GET', url: '/livez', status: 200 })
  t.notOk('model' in (lines[1] ?? {}), 'no prediction, no model')
  t.match(lines[2], { url: '/nowhere', status: 404 })
  t.notMatch(JSON.stringify(lines), /987654|secret-answer/)
})

t.test('a prediction beyond its budget is a warning, at the level of warnings too', async (t) => {
  for (const level of ['info', 'warn'] as const) {
    for (const [budgets, expected] of [
      [{ own: 1 }, 1], [{ general: 1 }, 1], [{ own: 1, general: 3_600_000 }, 1], [{ own: 3_600_000, general: 1 }, undefined], [{ general: 3_600_000 }, undefined], [{}, undefined]
    ] as const) {
      const { app, lines } = await serve(level, budgets)
      await app.inject({ method: 'POST', url: '/predict', payload: {} })
      const name = `${level} ${JSON.stringify(budgets)}`
      if (expected !== undefined) t.match(lines, [{ level: 40, msg: 'slow request', request_id: 'r-1', url: '/predict', model: 'iris', version: '2', queue_ms: 0.5, inference_ms: 1.25, ms: Number, budget_ms: expected }], name)
      else t.match(lines, level === 'info' ? [{ level: 30, msg: 'request' }] : [], name)
      t.equal(lines.length, expected !== undefined || level === 'info' ? 1 : 0, name)
    }
  }
})

t.test('what is no prediction has no budget', async (t) => {
  const { app, lines } = await serve('warn', { general: 1 })
  app.get('/slow', async () => {
    await delay(5)
    return {}
  })
  await app.inject('/slow')
  t.same(lines, [])
})

t.test('at a higher level there is no line', async (t) => {
  const { app, lines } = await serve('error', { general: 1 })
  await app.inject({ method: 'POST', url: '/predict', payload: {} })
  t.same(lines, [])
})

/** The lines of predictions, of the whole application. */
async function serveModels (t: Test, settings: Partial<Config>) {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(String(chunk))); done() } })
  const app = await build(t, { WORKERS: '1', LOG_LEVEL: 'info', LATENCY_BUDGET_MS: 0, ...settings }, stream)
  const post = async (url: string, payload: object) => {
    lines.length = 0
    const { statusCode } = await app.inject({ method: 'POST', url, payload })
    t.equal(statusCode, 200, url)
    return lines.filter(({ msg }) => msg === 'request')
  }
  return { app, post }
}

const flower = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const tensor = (rows: number) => ({ inputs: [{ name: 'float_input', shape: [rows, 4], datatype: 'FP32', data: Array(rows).fill(Object.values(flower)).flat() }] })

t.test('LOG_PREDICTIONS shows what the first rows got, whatever the protocol', async (t) => {
  const { post } = await serveModels(t, { MODEL_PATH: 'model-store/iris', LOG_PREDICTIONS: 2 })
  const stages = { validate_ms: Number, preprocess_ms: Number, queue_ms: Number, inference_ms: Number, format_ms: Number }
  for (const [url, one, three] of [
    ['/predict', flower, [flower, flower, flower]],
    ['/predict/batch', { instances: [flower] }, { instances: [flower, flower, flower] }],
    ['/models/iris/predict', flower, undefined],
    ['/v1/models/iris:predict', { instances: [flower] }, { instances: [flower, flower, flower] }],
    ['/v2/models/iris/infer', tensor(1), tensor(3)]
  ] as const) {
    const [single, ...others] = await post(url, one)
    t.match(single, { request_id: String, model: 'iris', version: '1', rows: 1, prediction: [0], ...stages }, url)
    const [confidence] = single?.confidence as number[]
    t.ok(confidence !== undefined && Math.abs(confidence - 0.9733) < 1e-3, url)
    t.same(others, [], 'one line for a request')
    if (three !== undefined) t.match(await post(url, three), [{ rows: 3, prediction: [0, 0], confidence: [Number, Number] }], url)
  }
})

t.test('without it no value of an answer is in the log', async (t) => {
  const { post } = await serveModels(t, { MODEL_PATH: 'model-store/iris' })
  for (const [url, payload] of [['/predict?proba=1', flower], ['/v2/models/iris/infer', tensor(1)]] as const) {
    const [line] = await post(url, payload)
    t.notOk('prediction' in (line ?? {}) || 'confidence' in (line ?? {}), url)
    t.notMatch(JSON.stringify(line), /setosa|0\.97/, url)
  }
})

t.test('a few targets are shown as they are, longer outputs abbreviated, too long ones and those that are no numbers not at all', async (t) => {
  const zoo = { targets: 'linear-regression-3-targets', outputs: 'several-outputs', infinite: 'not-finite' }
  const { app, post } = await serveModels(t, { MODEL_STORE: await makeStore(t, Object.fromEntries(Object.entries(zoo).map(([name, zoo]) => [name, { zoo }]))), LOG_PREDICTIONS: 1 })
  const ask = async (name: string, rows: number) => {
    const [input] = app.models.get(name).specification.layout.inputs
    const width = input?.dims[1] ?? 1
    const [line] = await post(`/v2/models/${name}/infer`, { inputs: [{ name: input?.name, shape: [rows, width], datatype: 'FP32', data: Array(rows * width).fill(0) }] })
    return line?.prediction as unknown[]
  }
  t.match(await ask('targets', 1), [[Number, Number, Number]])
  t.match(await ask('outputs', 1), [/^{"embedding":\[.*,"reconstruction":.* \(object\)$/])
  t.equal((await ask('outputs', 300)).length, 1)
  t.same(await ask('outputs', 700), [], 'more than 4096 elements')
  t.same(await ask('infinite', 1), [])
})
