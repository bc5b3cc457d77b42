import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type TSchema } from '@sinclair/typebox'
import { RETRY_AFTER_S } from '../errors.js'

const HealthSchema = Type.Object({
  status: Type.Unsafe<string>({ type: 'string', enum: ['healthy', 'ok'], description: '`healthy`; `ok` on /livez.' }),
  model_loaded: Type.Optional(Type.Boolean({ description: 'Whether predictions are served.' }))
}, { description: 'The server is alive' })
const ReadinessSchema = Type.Object({
  ready: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'Why not.' }))
}, { description: 'Whether predictions are served' })

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { HEALTH_STYLE: style } = app.config

  app.get('/health', {
    schema: { tags: ['health'], security: [], operationId: 'getHealth', summary: 'Whether the server is alive', response: { 200: orText(HealthSchema, 'up') } }
  }, async (request, reply) => {
    if (style === 'text' || (style === 'negotiate' && prefersText(request.headers.accept))) return await reply.type('text/plain').send('up')
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
      if (request.headers.accept?.includes('json')) return { ready: reason === undefined, ...(reason !== undefined && { reason }) }
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

function prefersText (accept: string | undefined): boolean {
  if (accept === undefined) return false
  const ranges = accept.split(',').map(parseRange).sort((a, b) => b.quality - a.quality)
  return ranges.find(({ type }) => type === 'text/plain' || type === 'application/json' || type === 'application/*' || type === '*/*')?.type === 'text/plain'
}

/** One item of an Accept header; of equal ones the first counts. */
function parseRange (item: string): { type: string, quality: number } {
  const [type = '', ...parameters] = item.toLowerCase().split(';').map((part) => part.trim())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
}
