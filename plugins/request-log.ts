import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { describe } from '../codecs/records/field-errors.js'
import type { Journal } from './inference/journal.js'
import type { OutputValue } from './models/predictions/output-values.js'
import type { RowPrediction } from './models/predictions/predictions.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Milliseconds that a prediction of this model may take without a warning: its own `latency_budget_ms`, else LATENCY_BUDGET_MS. */
    latencyBudget (model: string): number
  }
}

export type LogLine = Record<string, unknown>

const mostTargets = 16
const longestText = 80

/**
 * One line per request, without any value of its body, and of its answer only what LOG_PREDICTIONS allows; a prediction beyond its
 * latency budget is a warning. Where the log level hides a line, it is not even made.
 */
export default fp(async (app) => {
  const { LOG_LEVEL: level, LOG_PREDICTIONS: shown } = app.config
  app.decorate('latencyBudget', budgetOf)
  const isQuiet = level === 'warn'
  if (!isQuiet && !['info', 'debug', 'trace'].includes(level)) return
  app.addHook('onResponse', (request, reply, done) => {
    const { journal, elapsedTime } = reply
    const budget = journal?.model === undefined ? Infinity : app.latencyBudget(journal.model)
    const isSlow = elapsedTime > budget
    if (isQuiet && !isSlow) return done()
    const line: LogLine = { request_id: request.id, method: request.method, url: request.url, status: reply.statusCode, ms: round(elapsedTime) }
    if (journal !== null) addPrediction(line, journal, shown)
    if (isSlow) request.log.warn({ ...line, budget_ms: budget }, 'slow request')
    else request.log.info(line, 'request')
    done()
  })
}, { name: 'request-log', fastify: '5.x', dependencies: ['deadline'], decorators: { fastify: ['config'] } })

function budgetOf (this: FastifyInstance, name: string): number {
  return this.models.find(name)?.stored.config.latency_budget_ms ?? (this.config.LATENCY_BUDGET_MS || Infinity)
}

/** Adds what a line says of a prediction, with those of the first `shown` rows; nothing of a request that never got as far as a model. */
export function addPrediction (line: LogLine, journal: Journal, shown: number): void {
  const { model, predictions } = journal
  if (model === undefined) return
  // One by one: an object that is spread into the line would take three times as long.
  line.model = model
  line.version = journal.version
  line.rows = journal.rows
  if (shown > 0 && predictions !== undefined) showFirst(line, predictions.slice(0, shown))
  line.validate_ms = round(journal.validateMs)
  line.preprocess_ms = round(journal.preprocessMs)
  line.queue_ms = round(journal.queueMs)
  line.inference_ms = round(journal.inferenceMs)
  line.format_ms = round(journal.formatMs(performance.now()))
}

function showFirst (line: LogLine, predictions: RowPrediction[]): void {
  line.prediction = predictions.map(({ prediction }) => abbreviate(prediction))
  line.confidence = predictions.map(({ confidence }) => confidence)
}

/** A few targets stay what they are; whatever is longer becomes a text as errors quote it. */
function abbreviate (prediction: OutputValue): OutputValue {
  const parts = Array.isArray(prediction) ? prediction : typeof prediction === 'object' ? Object.values(prediction ?? {}) : [prediction]
  return parts.length <= mostTargets && parts.every(isShort) ? prediction : describe(prediction)
}

function isShort (value: OutputValue): boolean {
  return typeof value === 'string' ? value.length <= longestText : typeof value !== 'object' || value === null
}

/** Milliseconds as a line has them: to the microsecond. */
export function round (ms: number): number {
  return Math.round(ms * 1000) / 1000
}
