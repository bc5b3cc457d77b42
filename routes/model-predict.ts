import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServedParamsSchema } from '../schemas/model.js'
import { NoQuerySchema } from '../schemas/prediction.js'

/** The typed faces that SDKs are generated from: one record in, one result out. Their documentation is composed for each loaded model. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const schema = { hide: true, params: ServedParamsSchema, querystring: NoQuerySchema }

  for (const prefix of ['/models/:model', '/models/:model/versions/:version']) {
    app.post(`${prefix}/predict`, { schema }, async ({ body, params, id }, reply) => {
      const model = app.models.get(params.model, params.version)
      const deadline = reply.startDeadline()
      const predictions = await model.predict(await model.read(body, 'record', true, deadline), deadline)
      return model.present(predictions, { style: model.typedStyle, list: false, proba: true }, id)
    })

    app.post(`${prefix}/predict/batch`, { schema }, async ({ body, params, id }, reply) => {
      const model = app.models.get(params.model, params.version)
      const deadline = reply.startDeadline()
      const predictions = await model.predict(await model.read(body, 'batch', true, deadline), deadline)
      return { predictions: model.results(predictions), count: predictions.length, model_version: model.version, request_id: id }
    })
  }
}

export default routes
