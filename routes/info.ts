import { basename } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { countWorkers } from '../config.js'
import { InvalidRequestError, ModelNotReadyError, RuleViolatedError } from '../errors.js'
import { FeaturesSchema, ModelInfoSchema, PreprocessQuerySchema, ServiceInfoSchema } from '../schemas/info.js'
import { isOn } from '../schemas/prediction.js'
import { version } from '../version.js'

/** The default model as the flask template shows it, under the names of its README and those of its code. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { config } = app
  const runningSince = Date.now() / 1000
}

export default routes
