import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ModelDescriptionSchema, ModelListSchema, ModelParamsSchema, VersionDescriptionSchema, VersionParamsSchema } from '../schemas/model.js'
import { ProblemSchema } from '../schemas/problem.js'
import { ref } from '../schemas/ref.js'

/** What is served. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/models', {
    schema: {
      tags: ['models'],
      operationId: 'listModels',
      summary: 'List all models with their versions, states and specifications',
      response: { 200: ref(ModelListSchema) }
    }
  }, async () => {
    return {
      models: app.models.list().map((entry) => app.models.describe(entry)),
      refused: app.models.refused.map(({ entry, error }) => ({ entry, reason: error.message })),
      warnings: app.models.warnings
    }
  })

  app.get('/models/:model', {
    schema: {
      tags: ['models'],
      operationId: 'getModel',
      summary: 'Describe one model',
      params: ModelParamsSchema,
      response: { 200: ref(ModelDescriptionSchema), 404: ref(ProblemSchema) }
    }
  }, async ({ params }) => {
    return app.models.describe(app.models.entry(params.model))
  })

  app.get('/models/:model/versions/:version', {
    schema: {
      tags: ['models'],
      operationId: 'getModelVersion',
      summary: 'Describe one version, by number or label',
      params: VersionParamsSchema,
      response: { 200: ref(VersionDescriptionSchema), 404: ref(ProblemSchema) }
    }
  }, async ({ params }) => {
    const entry = app.models.entry(params.model)
    return app.models.describeVersion(app.models.version(entry, params.version))
  })
}

export default routes
