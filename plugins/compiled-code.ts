import { executionAsyncResource } from 'node:async_hooks'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

/** A request with a body of more digits of bytes does not stay in memory for this. */
const mostDigits = 4

/**
 * Keeps the code that V8 has compiled. It is thrown away when the last object dies that has a shape it was compiled for, as
 * all of them do in a few idle seconds: the next burst then runs at two thirds of the speed. So the last small request stays
 * alive, with its headers and its body. And so does a tick, since those who die with no other in line leave `process.nextTick` six times slower for good.
 */
export default fp(async (app) => {
  const kept: { tick?: object, reply?: FastifyReply } = {}
  process.nextTick(() => { kept.tick = executionAsyncResource() })
  app.addHook('onResponse', ({ headers }, reply, done) => {
    if ((headers['content-length']?.length ?? Infinity) <= mostDigits && headers['content-encoding'] === undefined) kept.reply = reply
    done()
  })
}, { name: 'compiled-code', fastify: '5.x' })
