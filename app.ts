import type {} from '@fastify/swagger'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest, type FastifyReply } from 'fastify'
import type { Config } from './config.js'
import bodies from './plugins/bodies.js'
import deadline from './plugins/deadline.js'
import errors, { sendError } from './plugins/errors.js'
import inference from './plugins/inference/index.js'
import models from './plugins/models/index.js'
import health from './routes/health.js'
import modelPredict from './routes/model-predict.js'
import modelRoutes from './routes/models.js'
import predict from './routes/predict.js'

declare module 'fastify' {
  interface FastifyInstance { config: Config }
}

/** The whole server as a function of its settings. Models load once it is ready; `app.models` knows how far they are. */
export async function buildApp (config: Config): Promise<FastifyInstance> {
  const app = Fastify({
    logger: config.LOG_LEVEL === 'silent' ? false : { level: config.LOG_LEVEL },
    disableRequestLogging: true,
    requestIdHeader: false,
    requestIdLogLabel: 'request_id',
    genReqId,
    bodyLimit: config.BODY_LIMIT,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => { sendError(error, request, reply) }
  })
  app.decorate('config', config)

  await app.register(errors)
  await app.register(bodies)
  await app.register(deadline)
  await app.register(inference)
  await app.register(models)

  await app.register(health)
  await app.register(modelRoutes)
  await app.register(predict)
  await app.register(modelPredict)

  app.refuseOtherMethods()
  return app
}

const wellFormedId = /^[A-Za-z0-9._~:+/=@-]{1,128}$/

function genReqId ({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'] ?? headers['x-correlation-id']
  return typeof given === 'string' && wellFormedId.test(given) ? given : createId()
}

/** UUIDv7: ids sort by time. The random part is that of Node's own UUIDs, of which it keeps a stock. */
function createId (): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
