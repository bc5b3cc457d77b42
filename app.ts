import type {} from '@fastify/swagger'
import Fastify, { LogController, type FastifyError, type FastifyInstance, type FastifyRequest, type FastifyReply } from 'fastify'
import type { DestinationStream } from 'pino'
import type { Config } from './config.js'
import adminToken from './plugins/auth/admin-token.js'
import apiKeys from './plugins/auth/api-keys.js'
import bodies from './plugins/bodies/index.js'
import compiledCode from './plugins/compiled-code.js'
import cors from './plugins/cors.js'
import deadline from './plugins/deadline.js'
import { refuseConnections, refuseExpectation } from './plugins/errors/connections.js'
import errors, { sendError } from './plugins/errors/index.js'
import grpc from './plugins/grpc/index.js'
import inference from './plugins/inference/index.js'
import lingeringClose, { LingeringConnections } from './plugins/lingering-close.js'
import metrics from './plugins/metrics/index.js'
import models from './plugins/models/index.js'
import oipHttp from './plugins/oip/http.js'
import oip from './plugins/oip/index.js'
import openapi from './plugins/openapi/index.js'
import pressure from './plugins/pressure.js'
import requestId, { genReqId } from './plugins/request-id.js'
import requestLog from './plugins/request-log.js'
import schemas from './plugins/schemas.js'
import serverTiming from './plugins/server-timing.js'
import health from './routes/health.js'
import home from './routes/home.js'
import info from './routes/info.js'
import metricsRoutes from './routes/metrics.js'
import modelPredict from './routes/model-predict.js'
import modelRoutes from './routes/models.js'
import predict from './routes/predict.js'
import repository from './routes/repository.js'
import v1 from './routes/v1.js'
import v2 from './routes/v2.js'
import v2Infer from './routes/v2-infer.js'

declare module 'fastify' {
  interface FastifyInstance { config: Config }
}

/** The whole server as a function of its settings; it logs to `stream`, or to stdout. Models load once it is ready; `app.models` knows how far they are. */
export async function buildApp (config: Config, stream?: DestinationStream): Promise<FastifyInstance> {
  const lingering = new LingeringConnections(config)
  const app = Fastify({
    logger: config.LOG_LEVEL === 'silent' ? false : { level: config.LOG_LEVEL, ...(stream !== undefined && { stream }) },
    requestIdHeader: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId,
    bodyLimit: config.BODY_LIMIT,
    keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: config.REQUEST_RECEIVE_TIMEOUT_MS,
    return503OnClosing: false,
    clientErrorHandler: refuseConnections(lingering),
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      lingering.expect(request.raw, reply.raw)
      sendError(error, request, reply)
    }
  })
  const { log } = app
  // A logger per request would cost more than checking the record; the lines that name a request carry its id themselves. A
  // childLoggerFactory would do, too, but Fastify examines what it gives for each request.
  log.child = () => log
  app.decorate('config', config)
  app.server.on('checkExpectation', refuseExpectation(lingering))

  await app.register(requestId)
  await app.register(compiledCode)
  await app.register(errors)
  await app.register(lingeringClose, { lingering })
  await app.register(schemas)
  await app.register(cors)
  await app.register(apiKeys)
  await app.register(adminToken)
  await app.register(pressure)
  await app.register(bodies)
  await app.register(deadline)
  await app.register(requestLog)
  await app.register(serverTiming)
  await app.register(inference)
  await app.register(models)
  await app.register(metrics)
  await app.register(oip)
  await app.register(openapi)
  await app.register(grpc)

  await app.register(home)
  await app.register(health)
  await app.register(metricsRoutes)
  await app.register(info)
  await app.register(modelRoutes)
  await app.register(predict)
  await app.register(modelPredict)

  await app.register(async (scope) => {
    await scope.register(oipHttp)
    await scope.register(v2)
    await scope.register(v2Infer)
    await scope.register(repository)
    await scope.register(v1)
  })

  app.refuseOtherMethods()
  return app
}
