import { basename } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { describe } from '../codecs/records/field-errors.js'
import { InvalidRequestError } from '../errors.js'
import { FeaturesSchema, ModelInfoSchema, PreprocessQuerySchema, ServiceInfoSchema } from '../schemas/info.js'
import { flagOff, isOn } from '../schemas/prediction.js'
import { version } from '../version.js'

/** The default model as the flask template shows it, under the names of its README and those of its code. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { DEBUG, DEFAULT_MODEL, ENVIRONMENT, MODEL_TYPE, VERSION } = app.config
  const runningSince = Date.now() / 1000
  const tags = ['information']

  app.get('/service-info', {
    schema: { tags, operationId: 'getServiceInfo', summary: 'What is running', response: { 200: ServiceInfoSchema } }
  }, async () => {
    const model = findOrNone(() => app.models.get())
    const info = model?.info.model
    return {
      debug: DEBUG,
      'running-since': runningSince,
      'serving-model-name': info?.name ?? DEFAULT_MODEL ?? '',
      'serving-model-version': info?.version ?? '',
      'serving-model-type': MODEL_TYPE ?? info?.type ?? '',
      'serving-model-file': model === undefined ? '' : basename(model.artefact.path),
      'serving-model-family': info?.family ?? '',
      'version-template': version,
      ...(VERSION !== undefined && { version: VERSION }),
      ...(ENVIRONMENT !== undefined && { environment: ENVIRONMENT }),
      workers: app.inference.size,
      node: process.version
    }
  })

  app.get('/info', {
    schema: { tags, operationId: 'getInfo', summary: 'Describe the default model', response: { 200: ModelInfoSchema } }
  }, async () => app.models.get().info)

  app.get('/features', {
    schema: { tags, operationId: 'getFeatures', summary: 'List the features of the default model with their importances', response: { 200: FeaturesSchema } }
  }, async () => app.models.get().info.metadata.features)

  app.post('/preprocess', {
    schema: { tags, operationId: 'preprocess', summary: 'Show what the default model sees of a body of /predict or /predict/batch: records in its order, checked, defaults filled in', querystring: PreprocessQuerySchema }
  }, async ({ body, query }, reply) => {
    const model = app.models.get()
    const deadline = reply.startDeadline()
    const { tensors, rows, records = [] } = await model.read(body, 'complete', false, deadline)
    if (!isOn(query.scaled) || rows === 0) return records
    const { preprocessing } = model
    if (preprocessing === undefined) {
      throw new InvalidRequestError(`Model '${model.name}' has nothing to show: no scaler, imputer or encoder stands before the model inside its graph`, [
        { path: 'scaled', message: `the graph of model '${model.name}' does no preprocessing of its own`, expected: flagOff, got: describe(query.scaled) }
      ])
    }
    return (await model.hold(preprocessing.run(tensors, rows, deadline))).rows
  })
}

export default routes

function findOrNone<T> (find: () => T): T | undefined {
  try {
    return find()
  } catch {
    return undefined
  }
}
