import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type FastifySchema, type RouteOptions } from 'fastify'
import errors from '../errors/index.js'
import type { OpenapiDocument } from './document.js'
import { securitySchemes } from './security.js'

export interface DocumentationOptions {
  /** The routes to describe, and the shared schemas that they refer to. */
  routes: Pick<RouteOptions, 'method' | 'url' | 'schema'>[]
  schemas: Record<string, unknown>[]
  version: string
  /** Makes the served document of that of the routes, anew for each reader. */
  complete: (routes: OpenapiDocument) => OpenapiDocument
}

const info = {
  title: 'ML Model API',
  description: 'Predictions of machine-learning models. Every loaded model has typed paths of its own; this document follows what is loaded. Errors are problem details (RFC 9457).',
  license: { name: 'MIT', identifier: 'MIT' }
}

const tags = [
  { name: 'prediction', description: 'The default model, in every form of input' },
  { name: 'models', description: 'What is served' },
  { name: 'information', description: 'The default model and the server, for people and monitors' },
  { name: 'open-inference', description: 'The Open Inference Protocol and KServe V1, for clients of other model servers' },
  { name: 'health', description: 'Whether the server is alive and ready' }
]

// Nothing is fetched from elsewhere; the style attributes that Swagger UI writes are its only inline parts.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

/** The pages under /docs and the document of the routes, as an instance of their own that shares nothing with the server. */
export async function buildDocumentation ({ routes, schemas, version, complete }: DocumentationOptions): Promise<{ app: FastifyInstance, routes: OpenapiDocument }> {
  const app = Fastify({ requestIdHeader: 'x-request-id', routerOptions: { ignoreTrailingSlash: true } })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  for (const schema of schemas) app.addSchema(schema)
  await app.register(errors)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { ...info, version },
      servers: [{ url: '/', description: 'This server' }],
      tags,
      security: [],
      components: { securitySchemes }
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, index) => typeof $id === 'string' ? $id : `Schema${index}` }
  })
  for (const { method, url, schema } of routes) app.route({ method, url, ...(schema !== undefined && { schema: { ...schema } satisfies FastifySchema }), handler: async () => undefined })
  let described: OpenapiDocument | undefined
  const describe = (): OpenapiDocument => {
    // Through JSON, because the schemas carry symbols and undefined members.
    described ??= JSON.parse(JSON.stringify(app.swagger())) as OpenapiDocument
    return described
  }
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    theme: { title: info.title },
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true, displayRequestDuration: true },
    transformSpecificationClone: false,
    transformSpecification: () => ({ ...complete(describe()) })
  })
  await app.ready()
  return { app, routes: describe() }
}
