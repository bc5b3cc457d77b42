import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'

const wellFormedId = /^[A-Za-z0-9._~:+/=@-]{1,128}$/

/** Every answer names its request, as its body and the log do. */
export default fp(async (app) => {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
}, { name: 'request-id', fastify: '5.x' })

/** The client's own id when it is well-formed, else a new one. */
export function genReqId ({ headers }: IncomingMessage): string {
  return pick(headers['x-request-id']) ?? pick(headers['x-correlation-id']) ?? createId()
}

function pick (given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && wellFormedId.test(given) ? given : undefined
}

let prefixTime = 0
let prefix = ''

/** UUIDv7: ids sort by time. The random part is that of Node's own UUIDs, of which it keeps a stock. */
export function createId (): string {
  const now = Date.now()
  if (now !== prefixTime) {
    const time = now.toString(16).padStart(12, '0')
    prefixTime = now
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`
  }
  return prefix + randomUUID().slice(15)
}
