import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type TSchema } from '@sinclair/typebox'
import { RETRY_AFTER_S } from '../errors.js'
import { chooseType } from './accept.js'

const HealthSchema = Type.Object({
  status: Type.Unsafe<string>({ type: 'string', enum: ['healthy', 'ok'], description: '`healthy`; `ok` on /livez.' }),
  model_loaded: Type.Optional(Type.Boolean({ description: 'Whether predictions are served.' }))
}, { description: 'The server is alive' })
const ReadinessSchema = Type.Object({
  ready: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'Why not.' }))
}, { description: 'Whether predictions are served' })

/** Probes are answered in one of their two forms whatever they accept: a client that asks for a third one must not take the server for ill. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { HEALTH_STYLE: style } = app.config

  app.get('/health', {
    schema: { tags: ['health'], security: [], operationId: 'getHealth', summary: 'Whether the server is alive', response: { 200: orText(HealthSchema, 'up') } }
  }, async (request, reply) => {
    const isText = style === 'text' || (style === 'negotiate' && chooseType(request.headers.accept, ['application/json', 'text/plain']) === 'text/plain')
    if (isText) return await reply.type('text/plain').send('up')
    return style === 'ok' ? { status: 'ok' } : { status: 'healthy', model_loaded: app.models.unready === undefined }
  })

  app.get('/livez', {
    schema: { tags: ['health'], security: [], operationId: 'getLiveness', summary: 'Liveness probe', response: { 200: HealthSchema } }
  }, async () => ({ status: 'ok' }))

  for (const [path, operationId] of [['/ready', 'getReady'], ['/readyz', 'getReadiness']] as const) {
    app.get(path, {
      schema: { tags: ['health'], security: [], operationId, summary: 'Whether predictions are served; `ready` or `not ready`, JSON by Accept', response: { 200: orText(ReadinessSchema, 'ready'), 503: orText(ReadinessSchema, 'not ready') } }
    }, async (request, reply) => {
      const reason = app.models.unready
      if (reason !== undefined) reply.code(503).header('retry-after', RETRY_AFTER_S)
      if (chooseType(request.headers.accept, ['text/plain', 'application/json']) === 'application/json') return { ready: reason === undefined, ...(reason !== undefined && { reason }) }
      return await reply.type('text/plain').send(reason === undefined ? 'ready' : 'not ready')
    })
  }
}

export default routes

/** An answer that is JSON or, by Accept, one fixed text. */
function orText<T extends TSchema, U extends string> (schema: T, text: U) {
  return {
    description: String(schema.description),
    content: { 'application/json': { schema }, 'text/plain': { schema: Type.Literal(text) } }
  }
}
