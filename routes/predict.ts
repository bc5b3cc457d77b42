import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { describe } from '../codecs/records/field-errors.js'
import { InvalidRequestError } from '../errors.js'
import { BatchPredictionSchema, NoQuerySchema, PredictQuerySchema, PredictionSchema, flagOff, isOn } from '../schemas/prediction.js'
import { ref } from '../schemas/ref.js'

/** The default model's faces that take every form of input. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/predict', {
    schema: {
      tags: ['prediction'],
      operationId: 'predict',
      summary: 'Predict with the default model',
      querystring: PredictQuerySchema,
      response: { 200: ref(PredictionSchema) }
    }
  }, async ({ body, query, id }, reply) => {
    const model = app.models.get()
    const proba = isOn(query.proba)
    if (proba && !model.hasProbabilities) {
      throw new InvalidRequestError(`Model '${model.name}' gives no probabilities`, [{ path: 'proba', message: `model '${model.name}' gives no probabilities`, expected: flagOff, got: describe(query.proba) }])
    }
    const traced = isOn(query.trace)
    if (traced && !app.config.TRACE) {
      throw new InvalidRequestError('Traces are off; the setting TRACE allows them', [{ path: 'trace', message: 'is not allowed on this server', expected: flagOff, got: describe(query.trace) }])
    }
    const deadline = reply.startDeadline()
    const input = await model.read(body, 'predict', false, deadline)
    const kept = traced ? model.keep(input) : input
    const predictions = await model.predict(input, deadline)
    const style = query.style ?? model.config.response_style
    const answer = model.present(predictions, { style: input.positional && style === 'list' ? 'scalar' : style, list: input.list, proba }, id)
    return traced ? { ...answer, trace: await model.trace(kept, predictions, deadline) } : answer
  })

  app.post('/predict/batch', {
    schema: {
      tags: ['prediction'],
      operationId: 'predictBatch',
      summary: 'Predict many rows with the default model',
      querystring: NoQuerySchema,
      response: { 200: ref(BatchPredictionSchema) }
    }
  }, async ({ body, id }, reply) => {
    const model = app.models.get()
    const deadline = reply.startDeadline()
    const predictions = await model.predict(await model.read(body, 'batch', false, deadline), deadline)
    return { predictions: model.results(predictions), count: predictions.length, model_version: model.version, request_id: id }
  })
}

export default routes
