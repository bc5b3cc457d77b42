import fp from 'fastify-plugin'
import { oipSchemas } from '../../schemas/oip.js'
import { oipRepositorySchemas } from '../../schemas/oip-repository.js'
import { v1Schemas } from '../../schemas/v1.js'
import { OpenInference } from './open-inference.js'

declare module 'fastify' {
  interface FastifyInstance { oip: OpenInference }
}

/** `app.oip`: the Open Inference Protocol without a transport; REST and gRPC are built on it. */
export default fp(async (app) => {
  const { config, models, inference } = app
  for (const schema of [...oipSchemas, ...oipRepositorySchemas, ...v1Schemas]) app.addSchema(schema)
  app.decorate('oip', new OpenInference({
    models,
    inference,
    repositoryControl: config.REPOSITORY_CONTROL,
    poolBytes: config.POOL_PARSE_BYTES,
    loggedPredictions: config.LOG_PREDICTIONS
  }))
}, { name: 'oip', fastify: '5.x', dependencies: ['inference', 'models'], decorators: { fastify: ['config'] } })
