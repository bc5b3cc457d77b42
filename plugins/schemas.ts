import fp from 'fastify-plugin'
import { FeatureDescriptionSchema, ModelDescriptionSchema, ModelListSchema, TensorDescriptionSchema, VersionDescriptionSchema } from '../schemas/model.js'
import { BatchPredictionSchema, PredictionSchema } from '../schemas/prediction.js'
import { FieldErrorSchema, ProblemSchema } from '../schemas/problem.js'

const shared = [
  FieldErrorSchema, ProblemSchema,
  TensorDescriptionSchema, FeatureDescriptionSchema, VersionDescriptionSchema, ModelDescriptionSchema, ModelListSchema,
  PredictionSchema, BatchPredictionSchema
]

/** The schemas that routes refer to by `$id`. Response schemas type and document the answers; they do not rewrite them. */
export default fp(async (app) => {
  for (const schema of shared) app.addSchema(schema)
  // A compiled serializer drops what it does not know and is slow for unions; writing one also costs time at every start.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
}, { name: 'schemas', fastify: '5.x' })
