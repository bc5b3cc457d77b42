import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ModelParamsSchema } from '../schemas/model.js'

/** What is served. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/models', { schema: { tags: ['models'], operationId: 'listModels', summary: 'List all models with their versions, states and specifications' } }, async () => {
    return { models: app.models.list().map((entry) => app.models.describe(entry)) }
  })

  app.get('/models/:model', { schema: { tags: ['models'], operationId: 'getModel', summary: 'Describe one model', params: ModelParamsSchema } }, async ({ params }) => {
    return app.models.describe(app.models.entry(params.model))
  })

  app.get('/models/:model/versions/:version', { schema: { tags: ['models'], operationId: 'getModelVersion', summary: 'Describe one version, by number or label', params: ModelParamsSchema } }, async ({ params }) => {
    const entry = app.models.entry(params.model)
    return app.models.describeVersion(app.models.version(entry, params.version ?? ''))
  })
}

export default routes
