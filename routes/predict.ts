import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { InvalidRequestError } from '../errors.js'
import { PredictQuerySchema, isOn } from '../schemas/prediction.js'

/** The default model's faces that take every form of input. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/predict', {
    schema: { tags: ['prediction'], operationId: 'predict', summary: 'Predict with the default model', querystring: PredictQuerySchema }
  }, async ({ body, query, id }, reply) => {
    const model = app.models.get()
    const proba = isOn(query.proba)
    if (proba && !model.hasProbabilities) {
      throw new InvalidRequestError(`Model '${model.name}' gives no probabilities`, [{ path: 'proba', message: `model '${model.name}' gives no probabilities` }])
    }
    const input = await model.read(body, 'predict', false)
    const predictions = await model.predict(input, reply.startDeadline())
    const style = query.style ?? model.config.response_style
    return {
      ...model.present(predictions, { style: input.positional && style === 'list' ? 'scalar' : style, list: input.list, proba }),
      model: model.name,
      model_version: model.version,
      request_id: id
    }
  })

  app.post('/predict/batch', {
    schema: { tags: ['prediction'], operationId: 'predictBatch', summary: 'Predict many rows with the default model' }
  }, async ({ body, id }, reply) => {
    const model = app.models.get()
    const predictions = await model.predict(await model.read(body, 'batch', false), reply.startDeadline())
    return { predictions, count: predictions.length, model_version: model.version, request_id: id }
  })
}

export default routes
