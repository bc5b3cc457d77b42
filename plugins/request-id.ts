import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'

const wellFormedId = /^[A-Za-z0-9._~:+/=@-]{1,128}$/
/** Ids that one random part is good for: the counter has 12 bits. */
const mostPerTail = 4096

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

let lastTime = 0
let count = 0
let head = ''
let tail = ''

/** UUIDv7: ids sort by the order in which they were made. Those of one millisecond share their random part and count on. */
export function createId (): string {
  const now = Date.now()
  if (now > lastTime || count === mostPerTail) {
    // Where the counter is full or the clock was set back, the ids run ahead of it (RFC 9562, 6.2).
    lastTime = Math.max(now, lastTime + 1)
    const time = lastTime.toString(16).padStart(12, '0')
    count = 0
    head = `${time.slice(0, 8)}-${time.slice(8)}-7`
    tail = randomUUID().slice(18)
  }
  return head + (count++).toString(16).padStart(3, '0') + tail
}
