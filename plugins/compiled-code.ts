import { executionAsyncResource } from 'node:async_hooks'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'

/** A request with a body of more digits of bytes does not stay in memory for this. */
const mostDigits = 4

/**
 * Keeps what V8 has learned of requests. Collecting the heap lets go of a hidden class when its last object dies, as all do in a
 * few idle seconds, and with it of the code that was compiled for it: the next burst runs at two thirds of the speed. Is that one of the first seven
 * of a kind, by which V8 decides how much room its objects have, they get none: node:http's own turn into dictionaries, and every request
 * costs a third more for good. So the last small request of each route stays alive, with its headers and its body. And so does
 * a tick, since those who die with no other in line leave `process.nextTick` six times slower for good.
 */
export default fp(async (app) => {
  const kept: { tick?: object } = {}
  process.nextTick(() => { kept.tick = executionAsyncResource() })
  app.addHook('onRoute', (route: RouteOptions) => {
    const kept: { reply?: FastifyReply } = {}
    route.onResponse = [...[route.onResponse ?? []].flat(), (request, reply, done) => {
      if (isSmall(request)) kept.reply = reply
      done()
    }]
  })
}, { name: 'compiled-code', fastify: '5.x' })

function isSmall ({ headers }: FastifyRequest): boolean {
  const length = headers['content-length']
  if (length === undefined) return headers['transfer-encoding'] === undefined
  return length.length <= mostDigits && headers['content-encoding'] === undefined
}
