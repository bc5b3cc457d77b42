import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** Milliseconds that a prediction of this model may take without a warning: its own `latency_budget_ms`, else LATENCY_BUDGET_MS. */
    latencyBudget (model: string): number
  }
}

/**
 * One line per request, without any value of its body; a prediction beyond its latency budget is a warning. Where the log level hides a line, it
 * is not even made.
 */
export default fp(async (app) => {
  const { LOG_LEVEL: level } = app.config
  app.decorate('latencyBudget', budgetOf)
  const isQuiet = level === 'warn'
  if (!isQuiet && !['info', 'debug', 'trace'].includes(level)) return
  app.addHook('onResponse', (request, reply, done) => {
    const { journal, elapsedTime } = reply
    const model = journal?.model
    const isSlow = model !== undefined && elapsedTime > app.latencyBudget(model)
    if (isQuiet && !isSlow) return done()
    const line = {
      request_id: request.id,
      method: request.method,
      url: request.url,
      status: reply.statusCode,
      ms: round(elapsedTime),
      ...(journal?.model !== undefined && {
        model: journal.model,
        version: journal.version,
        rows: journal.rows,
        queue_ms: round(journal.queueMs),
        inference_ms: round(journal.inferenceMs)
      })
    }
    if (isSlow) request.log.warn({ ...line, budget_ms: app.latencyBudget(model) }, 'slow request')
    else request.log.info(line, 'request')
    done()
  })
}, { name: 'request-log', fastify: '5.x', dependencies: ['deadline'], decorators: { fastify: ['config'] } })

function budgetOf (this: FastifyInstance, name: string): number {
  return this.models.find(name)?.stored.config.latency_budget_ms ?? (this.config.LATENCY_BUDGET_MS || Infinity)
}

function round (ms: number): number {
  return Math.round(ms * 1000) / 1000
}
