import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { Config } from '../config.js'

export type LingerLimits = Pick<Config, 'LINGER_MS' | 'LINGER_BYTES' | 'LINGER_CONNECTIONS'>

interface Lingering {
  socket: Socket
  /** Undefined where none could be read. */
  request: IncomingMessage | undefined
  /** What the socket may have read in all. */
  lastByte: number
  lastMoment: number
}

const lookMs = 50
/** What a connection gets while the server closes, which waits for it. */
const closingMs = 1000

/**
 * A request that is refused before its body is there gets its answer at once; many a client reads it only when it has sent all. A connection
 * that is closed on bytes which nobody has read is reset, and the answer is lost with it: so what still comes is thrown away first.
 */
export default fp<{ lingering: LingeringConnections }>(async (app, { lingering }) => {
  app.addHook('onError', (request, reply, _error, done) => {
    lingering.expect(request.raw, reply.raw)
    done()
  })
  app.addHook('preClose', async () => lingering.hurry())
}, { name: 'lingering-close', fastify: '5.x' })

/** Connections that have their last answer and may still send the rest of their request; Node reads on meanwhile and keeps nothing. */
export class LingeringConnections {
  readonly #limits: LingerLimits
  readonly #all = new Set<Lingering>()
  #longestMs: number
  #timer: NodeJS.Timeout | undefined

  constructor (limits: LingerLimits) {
    this.#limits = limits
    this.#longestMs = limits.LINGER_MS
  }

  /** Node closes the connection when it has sent such an answer. From now on it waits for the rest of the request, within the limits. */
  expect (request: IncomingMessage, response: ServerResponse): void {
    if (request.complete) return
    const { socket } = request
    socket.destroySoon = () => {
      restore()
      if (request.complete) socket.destroySoon()
      else this.end(socket, request)
    }
    // By then Node has closed the connection, or keeps it.
    response.once('finish', restore)

    function restore (): void {
      Reflect.deleteProperty(socket, 'destroySoon')
    }
  }

  /** Ends a connection, and destroys it once the request is there, or as much of it, or as late, as the limits say; at once where too many linger already. */
  end (socket: Socket, request?: IncomingMessage): void {
    const { LINGER_BYTES, LINGER_CONNECTIONS } = this.#limits
    if (this.#all.size >= LINGER_CONNECTIONS) return socket.destroySoon()
    socket.end()
    const lingering = { socket, request, lastByte: socket.bytesRead + LINGER_BYTES, lastMoment: performance.now() + this.#longestMs }
    this.#all.add(lingering)
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref()
    socket.once('close', () => {
      this.#all.delete(lingering)
      if (this.#all.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  /** Leaves those that linger, and those that still come, about a second: the server is closing. */
  hurry (): void {
    this.#longestMs = Math.min(this.#longestMs, closingMs)
    const lastMoment = performance.now() + this.#longestMs
    for (const lingering of this.#all) lingering.lastMoment = Math.min(lingering.lastMoment, lastMoment)
  }

  #look (): void {
    const now = performance.now()
    for (const { socket, request, lastByte, lastMoment } of this.#all) {
      const isComplete = socket.writableFinished && request?.complete === true
      if (isComplete || socket.bytesRead > lastByte || now > lastMoment) socket.destroy()
    }
  }
}
