import type { ServerResponse } from 'node:http'
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

/** Until when a client wants its answer, and what its request did. Cancelled when the client leaves before it has one. */
export abstract class Deadline implements QueueDeadline {
  readonly ms: number
  readonly at: number
  readonly journal = new Journal()

  constructor (ms: number) {
    this.ms = ms
    this.at = performance.now() + ms
  }

  abstract get cancelled (): boolean
}

class ResponseDeadline extends Deadline {
  readonly #response: ServerResponse

  constructor (ms: number, response: ServerResponse) {
    super(ms)
    this.#response = response
  }

  // Fastify's own request.signal fires as soon as a body has been read, so the end of the response is what counts.
  get cancelled (): boolean {
    return this.#response.destroyed && !this.#response.writableEnded
  }
}

export default fp(async (app) => {
  const limit = app.config.REQUEST_TIMEOUT_MS

  app.decorateReply('journal', null)
  app.decorateReply('startDeadline', function () {
    const header = this.request.headers['x-request-timeout-ms']
    const deadline = new ResponseDeadline(header === undefined ? limit : Math.min(limit, parseMs(header)), this.raw)
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
