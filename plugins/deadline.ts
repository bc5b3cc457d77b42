import fp from 'fastify-plugin'
import { InvalidRequestError } from '../errors.js'
import { Journal } from './inference/journal.js'
import type { Deadline as QueueDeadline } from './inference/deadline.js'

declare module 'fastify' {
  interface FastifyReply {
    /** Starts the clock of this request: REQUEST_TIMEOUT_MS, or less when the client asks for it with X-Request-Timeout-Ms. */
    startDeadline (): Deadline
    /** What the prediction of this request did; null where none was asked for. */
    journal: Journal | null
  }
}

// setTimeout's range; nobody waits longer.
const longestMs = 2 ** 31 - 1

/** Until when a client wants its answer. Cancelled when it closes the connection. */
export class Deadline implements QueueDeadline {
  readonly ms: number
  readonly at: number
  cancelled = false
  onCancel: (() => void) | undefined
  readonly journal = new Journal()

  constructor (ms: number) {
    this.ms = ms
    this.at = performance.now() + ms
  }

  cancel (): void {
    this.cancelled = true
    this.onCancel?.()
  }
}

export default fp(async (app) => {
  const limit = app.config.REQUEST_TIMEOUT_MS

  app.decorateReply('journal', null)
  app.decorateReply('startDeadline', function () {
    const header = this.request.headers['x-request-timeout-ms']
    const deadline = new Deadline(header === undefined ? limit : Math.min(limit, parseMs(header)))
    // Fastify's own request.signal fires as soon as a body has been read, so the end of the response is what counts.
    this.raw.on('close', () => { if (!this.raw.writableEnded) deadline.cancel() })
    // Who left before that is not told of again.
    if (this.raw.destroyed) deadline.cancel()
    this.journal = deadline.journal
    return deadline
  })
}, { name: 'deadline', fastify: '5.x', decorators: { fastify: ['config'] } })

function parseMs (header: string | string[]): number {
  const ms = Number(header)
  if (!Number.isInteger(ms) || ms < 1 || ms > longestMs) {
    throw new InvalidRequestError('X-Request-Timeout-Ms must be a whole number of milliseconds', [
      { path: 'x-request-timeout-ms', message: 'must be a whole number of milliseconds', expected: `integer from 1 to ${longestMs}`, got: String(header).slice(0, 80) }
    ])
  }
  return ms
}
