import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseJson } from '../codecs/json.js'
import { ExplainError, ModelNotReadyError } from '../errors.js'
import { ModelParamsSchema } from '../schemas/model.js'
import { oipFailures, OipModelListSchema, OipModelReadySchema } from '../schemas/oip.js'
import { V1PredictionsSchema, V1RequestSchema } from '../schemas/v1.js'
import { ref } from '../schemas/ref.js'

/** KServe's first protocol, which its REST client still speaks unless told otherwise. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { oip } = app
  const tags = ['open-inference']

  app.get('/v1/models', {
    schema: { tags, operationId: 'v1ListModels', summary: 'Names of all models', response: { 200: ref(OipModelListSchema), ...oipFailures } }
  }, async (_request, reply) => reply.sendBare({ models: oip.modelNames() }))

  app.get('/v1/models/:model', {
    schema: { tags, operationId: 'v1ModelReady', summary: 'Whether a model serves', params: ModelParamsSchema, response: { 200: ref(OipModelReadySchema), ...oipFailures } }
  }, async ({ params: { model: name } }, reply) => {
    if (!oip.isModelReady(name)) throw new ModelNotReadyError(name, 'it does not serve at the moment')
    return reply.sendBare({ name, ready: true })
  })

  app.post('/v1/models/:model([^:]+)::predict', {
    schema: { tags, operationId: 'v1Predict', summary: 'Predict records or rows', params: ModelParamsSchema, body: ref(V1RequestSchema), response: { 200: ref(V1PredictionsSchema), ...oipFailures } }
  }, async (request, reply) => {
    const { model: name } = request.params
    oip.find(name)
    const bytes = await request.readBytes()
    const deadline = reply.startDeadline()
    const model = oip.find(name)
    const input = await model.read(bytes.byteLength < app.config.POOL_PARSE_BYTES ? parseJson(bytes) : bytes, 'instances', false, deadline)
    const predictions = await model.predict(input, deadline)
    return reply.sendBare({ predictions: predictions.map(({ prediction }) => prediction) })
  })

  // Its clients know it; without a route it would be taken for a model of that name.
  app.post('/v1/models/:model([^:]+)::explain', { schema: { hide: true } }, async () => { throw new ExplainError() })
}

export default routes
