import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ModelNotReadyError, RETRY_AFTER_S } from '../errors.js'
import { oipFailures, OipLiveSchema, OipModelListSchema, OipModelMetadataSchema, OipModelReadySchema, OipReadySchema, OipServerMetadataSchema, servedParams } from '../schemas/oip.js'
import { OipModelConfigSchema, OipStatisticsSchema } from '../schemas/oip-repository.js'
import { ref } from '../schemas/ref.js'

/** The Open Inference Protocol over HTTP: what there is and how it does. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { oip } = app
  const tags = ['open-inference']

  app.get('/v2', {
    schema: { tags, operationId: 'oipServerMetadata', summary: 'Name, version and extensions of the server', response: { 200: ref(OipServerMetadataSchema), ...oipFailures } }
  }, async (_request, reply) => reply.sendBare(oip.serverMetadata()))

  app.get('/v2/health/live', {
    schema: { tags, security: [], operationId: 'oipServerLive', summary: 'Whether the server is alive', response: { 200: ref(OipLiveSchema), ...oipFailures } }
  }, async (_request, reply) => reply.sendBare({ live: true }))

  app.get('/v2/health/ready', {
    schema: { tags, security: [], operationId: 'oipServerReady', summary: 'Whether the server takes requests', response: { 200: ref(OipReadySchema), ...oipFailures } }
  }, async (_request, reply) => {
    if (oip.isServerReady()) return reply.sendBare({ ready: true, live: true })
    // Probes ask again and again: this is no error for the log.
    return reply.code(503).header('retry-after', RETRY_AFTER_S).sendBare({ error: `The server is not ready: ${app.models.unready}` })
  })

  app.get('/v2/models', {
    schema: { tags, operationId: 'oipListModels', summary: 'Names of all models', response: { 200: ref(OipModelListSchema), ...oipFailures } }
  }, async (_request, reply) => reply.sendBare({ models: oip.modelNames() }))

  app.get('/v2/models/stats', {
    schema: { tags, operationId: 'oipStatistics', summary: 'What all models have done', response: { 200: ref(OipStatisticsSchema), ...oipFailures } }
  }, async (_request, reply) => reply.sendBare(oip.statistics()))

  for (const [path, kind, what] of [['/v2/models/:model', 'Model', 'a model'], ['/v2/models/:model/versions/:version', 'ModelVersion', 'one version of a model']] as const) {
    app.get(path, {
      schema: { tags, operationId: `oip${kind}Metadata`, summary: `Inputs and outputs of ${what}`, params: servedParams(path), response: { 200: ref(OipModelMetadataSchema), ...oipFailures } }
    }, async ({ params: { model, version } }, reply) => reply.sendBare(oip.modelMetadata(model, version)))

    app.get(`${path}/ready`, {
      schema: { tags, operationId: `oip${kind}Ready`, summary: `Whether ${what} serves`, params: servedParams(path), response: { 200: ref(OipModelReadySchema), ...oipFailures } }
    }, async ({ params: { model: name, version } }, reply) => {
      if (!oip.isModelReady(name, version)) throw new ModelNotReadyError(name, 'it does not serve at the moment')
      return reply.sendBare({ name, ready: true })
    })

    app.get(`${path}/config`, {
      schema: { tags, operationId: `oip${kind}Config`, summary: `Configuration of ${what}`, params: servedParams(path), response: { 200: ref(OipModelConfigSchema), ...oipFailures } }
    }, async ({ params: { model, version } }, reply) => reply.sendBare(oip.modelConfig(model, version)))

    app.get(`${path}/stats`, {
      schema: { tags, operationId: `oip${kind}Statistics`, summary: `What ${what} has done`, params: servedParams(path), response: { 200: ref(OipStatisticsSchema), ...oipFailures } }
    }, async ({ params: { model, version } }, reply) => reply.sendBare(oip.statistics(model, version)))
  }
}

export default routes
