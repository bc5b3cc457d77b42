import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify, { LogController } from 'fastify'
import t from 'tap'
import { loadConfig, type Config } from '../../config.js'
import deadline from '../../plugins/deadline.js'
import type { ModelRegistry } from '../../plugins/models/registry.js'
import requestLog from '../../plugins/request-log.js'

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
    journal.enter('iris', '2', 3)
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
  t.match(lines[0], { level: 30, request_id: 'r-1', method: 'POST', url: '/predict?proba=1', status: 200, ms: Number, model: 'iris', version: '2', rows: 3, queue_ms: 0.5, inference_ms: 1.25, msg: 'request' })
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
