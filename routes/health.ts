import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { RETRY_AFTER_S } from '../errors.js'

const HealthSchema = Type.Object({ status: Type.String({ description: '`healthy`; `ok` on /livez.' }), model_loaded: Type.Optional(Type.Boolean({ description: 'Whether predictions are served.' })) })
const ReadinessSchema = Type.Object({ ready: Type.Boolean(), reason: Type.Optional(Type.String()) })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { HEALTH_STYLE: style } = app.config

  app.get('/health', {
    schema: { tags: ['health'], operationId: 'getHealth', summary: 'Whether the server is alive', response: { 200: HealthSchema } }
  }, async (request, reply) => {
    if (style === 'text' || (style === 'negotiate' && prefersText(request.headers.accept))) return await reply.type('text/plain').send('up' as never)
    return style === 'ok' ? { status: 'ok' } : { status: 'healthy', model_loaded: app.models.unready === undefined }
  })

  app.get('/livez', {
    schema: { tags: ['health'], operationId: 'getLiveness', summary: 'Liveness probe', response: { 200: HealthSchema } }
  }, async () => ({ status: 'ok' }))

  for (const [path, operationId] of [['/ready', 'getReady'], ['/readyz', 'getReadiness']] as const) {
    app.get(path, {
      schema: { tags: ['health'], operationId, summary: 'Whether predictions are served; `ready` or `not ready`, JSON by Accept', response: { 200: ReadinessSchema, 503: ReadinessSchema } }
    }, async (request, reply) => {
      const reason = app.models.unready
      if (reason !== undefined) reply.code(503).header('retry-after', RETRY_AFTER_S)
      if (request.headers.accept?.includes('json')) return { ready: reason === undefined, ...(reason !== undefined && { reason }) }
      return await reply.type('text/plain').send((reason === undefined ? 'ready' : 'not ready') as never)
    })
  }
}

export default routes

function prefersText (accept: string | undefined): boolean {
  if (accept === undefined) return false
  const json = accept.search(/application\/(json|\*)|\*\/\*/)
  const text = accept.indexOf('text/plain')
  return text >= 0 && (json < 0 || text < json)
}
