import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { Config } from '../config.js'

export type LingerLimits = Pick<Config, 'LINGER_MS' | 'LINGER_BYTES'>

const lookMs = 50

/**
 * A request that is refused before its body is there gets its answer at once; many a client reads it only when it has sent all. A connection
 * that is closed on bytes which nobody has read is reset, and the answer is lost with it: so what still comes is thrown away first.
 */
export default fp(async (app) => {
  app.addHook('onError', (request, reply, _error, done) => {
    lingerOnClose(request.raw, reply.raw, app.config)
    done()
  })
}, { name: 'lingering-close', fastify: '5.x', decorators: { fastify: ['config'] } })

/** Node closes the connection when it has sent such an answer. From now on it waits for the rest of the request, within the limits. */
export function lingerOnClose (request: IncomingMessage, response: ServerResponse, limits: LingerLimits): void {
  if (request.complete) return
  const { socket } = request
  socket.destroySoon = () => {
    restore()
    if (request.complete) return socket.destroySoon()
    socket.end()
    throwAwayRest(socket, limits, request)
  }
  // By then Node has closed the connection, or keeps it.
  response.once('finish', restore)

  function restore (): void {
    Reflect.deleteProperty(socket, 'destroySoon')
  }
}

/** Destroys an ended connection once the request is there, or as much of it, or as late, as the limits say; Node reads on meanwhile and keeps nothing. */
export function throwAwayRest (socket: Socket, { LINGER_MS, LINGER_BYTES }: LingerLimits, request?: IncomingMessage): void {
  const lastByte = socket.bytesRead + LINGER_BYTES
  const lastMoment = performance.now() + LINGER_MS
  const timer = setInterval(() => {
    const isComplete = socket.writableFinished && request?.complete === true
    if (isComplete || socket.bytesRead > lastByte || performance.now() > lastMoment) socket.destroy()
  }, lookMs)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}
