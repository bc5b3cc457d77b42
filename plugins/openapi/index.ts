import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { version } from '../../version.js'
import { compose } from './compose.js'
import type { OpenapiDocument } from './document.js'

/**
 * `/openapi.json` describes what is loaded at the moment of asking, `/docs` shows it. Swagger and its pages are loaded when somebody
 * asks for the first time: at the start they would cost every server 45 ms and 4 MB.
 */
export default fp(async (app) => {
  const { models, config } = app
  const limits = { maxRows: config.MAX_ROWS, batchMax: config.BATCH_MAX, maxSamples: config.MAX_SAMPLES }
  const documented = collectRoutes(app)
  let documentation: ReturnType<typeof build> | undefined
  let document: OpenapiDocument | undefined
  let text = Buffer.alloc(0)
  let revision = -1

  async function build () {
    const { buildDocumentation } = await import('./documentation.js')
    return await buildDocumentation({ ...documented(), version, complete })
  }

  function complete (routes: OpenapiDocument): OpenapiDocument {
    if (document !== undefined && revision === models.revision) return document
    revision = models.revision
    document = compose(routes, models, { limits, guarded: app.authorizeKey !== null })
    text = Buffer.from(JSON.stringify(document))
    return document
  }

  app.get('/openapi.json', { schema: { hide: true, security: [] } }, async (_request, reply) => {
    documentation ??= build()
    complete((await documentation).routes)
    return await reply.type('application/json').send(text)
  })

  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { schema: { hide: true, security: [] } }, async (request: FastifyRequest, reply: FastifyReply) => {
      documentation ??= build()
      const { app: pages } = await documentation
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
      request.raw.headers['x-request-id'] = request.id
      reply.hijack()
      pages.routing(request.raw, reply.raw)
    })
  }

  app.addHook('onClose', async () => await (await documentation)?.app.close())
}, { name: 'openapi', fastify: '5.x', dependencies: ['api-keys', 'models', 'schemas'], decorators: { fastify: ['config'] } })

/** Remembers every visible route from here on; afterwards the function returns them with the schemas of their contexts. */
function collectRoutes (app: FastifyInstance): () => { routes: RouteOptions[], schemas: Record<string, unknown>[] } {
  const routes: RouteOptions[] = []
  const contexts = new Set<FastifyInstance>([app])
  app.addHook('onRoute', function (route) {
    if (route.method === 'HEAD' || (route.schema as { hide?: boolean } | undefined)?.hide === true) return
    routes.push(route)
    contexts.add(this)
  })
  return () => {
    const schemas = new Map([...contexts].flatMap((context) => Object.entries(context.getSchemas())))
    return { routes, schemas: [...schemas.values()] as Record<string, unknown>[] }
  }
}
