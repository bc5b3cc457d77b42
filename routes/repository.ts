import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { parseJson } from '../codecs/oip/json.js'
import { InvalidRequestError, NamedRepositoryError } from '../errors.js'
import { ModelParamsSchema } from '../schemas/model.js'
import { oipFailures } from '../schemas/oip.js'
import { OipIndexRequestSchema, OipIndexSchema, OipRepositoryRequestSchema } from '../schemas/oip-repository.js'
import { ref } from '../schemas/ref.js'

// What these requests say takes less; they are parsed on the main thread.
const bodyBytes = 1024 * 1024

/** The model repository extension: list, load and unload models. Off unless REPOSITORY_CONTROL is on; then ADMIN_TOKEN guards it. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { oip } = app
  const described = { tags: ['open-inference'], ...(app.config.ADMIN_TOKEN !== undefined && { security: [{ AdminToken: [] }] }) }

  app.addHook('onRequest', async ({ headers }) => {
    oip.repository.check()
    app.authorizeAdmin(headers.authorization)
  })

  app.post('/v2/repository/index', {
    schema: { ...described, operationId: 'oipRepositoryIndex', summary: 'List all versions in the model store with their states', body: ref(OipIndexRequestSchema), response: { 200: ref(OipIndexSchema), ...oipFailures } }
  }, async (request, reply) => {
    const { ready = false } = parseObject(await request.readBytes(bodyBytes))
    if (typeof ready !== 'boolean') throw new InvalidRequestError("Unable to parse 'ready': it must be a boolean")
    return reply.sendBare(await oip.index({ ready }))
  })

  for (const [verb, operationId, summary] of [['load', 'oipRepositoryLoad', 'Load a model from the store, or load it again'], ['unload', 'oipRepositoryUnload', 'Take a model out of service']] as const) {
    app.post(`/v2/repository/models/:model/${verb}`, {
      schema: { ...described, operationId, summary, params: ModelParamsSchema, body: ref(OipRepositoryRequestSchema), response: { 200: {}, ...oipFailures } }
    }, async (request, reply) => {
      const { model: name } = request.params
      refuseOverrides(parseObject(await request.readBytes(bodyBytes)))
      await oip[verb](name)
      return reply.sendBare({ name, [verb]: true })
    })
  }

  for (const path of ['index', 'models/:model/load', 'models/:model/unload']) {
    app.post(`/v2/repository/:repository/${path}`, { schema: { hide: true } }, async () => { throw new NamedRepositoryError() })
  }
}

export default routes

/** An empty body stands for an object without members. */
function parseObject (body: Buffer): Record<string, unknown> {
  const value = body.byteLength === 0 ? {} : parseJson(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidRequestError('The body must be a JSON object')
  return { ...value }
}

/** A configuration or files in the request would let a client place code on this server. */
function refuseOverrides ({ parameters }: Record<string, unknown>): void {
  if (parameters === undefined || parameters === null) return
  if (typeof parameters !== 'object' || Array.isArray(parameters)) throw new InvalidRequestError("Unable to parse 'parameters': it must be an object")
  const override = Object.keys(parameters).find((key) => key === 'config' || key.startsWith('file:'))
  if (override !== undefined) throw new InvalidRequestError(`Parameter '${override.slice(0, 80)}' is not supported: models are loaded as they lie in the store`)
}
