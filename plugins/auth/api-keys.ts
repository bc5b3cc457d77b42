import type { FastifySchema } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../../config.js'
import { UnauthorizedError } from '../../errors.js'
import { checkSecret, Credentials, readBearer } from './credentials.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Throws UnauthorizedError unless one of these headers (or metadata) holds a key. null where API_KEYS is not set: then nobody needs one. */
    authorizeKey: ((authorization: string | undefined, apiKey: string | undefined) => void) | null
  }
}

/** A shorter key can be guessed. */
const safeLength = 16

/**
 * With API_KEYS every request needs one of them, before its body is read. Routes whose schema says `security: []` are open to all, as the
 * OpenAPI document tells. ADMIN_TOKEN opens what a key does. Throws ConfigError for keys that nobody could send.
 */
export default fp(async (app) => {
  const { log, config: { API_KEYS, ADMIN_TOKEN } } = app
  const keys = API_KEYS?.split(',').map((key) => key.trim())
  if (keys === undefined) {
    app.decorate('authorizeKey', null)
    return
  }
  for (const [index, key] of keys.entries()) {
    checkSecret(`API_KEYS: key ${index + 1}`, key)
    if (key === ADMIN_TOKEN) throw new ConfigError(`API_KEYS: key ${index + 1} is ADMIN_TOKEN, which not every client may have`)
    if (key.length < safeLength) log.warn(`API_KEYS: key ${index + 1} has fewer than ${safeLength} characters and can be guessed`)
  }
  const accepted = new Credentials(ADMIN_TOKEN === undefined ? keys : [...keys, ADMIN_TOKEN])

  function authorize (authorization: string | undefined, apiKey: string | undefined): void {
    if (!accepted.has(readBearer(authorization)) && !accepted.has(apiKey)) throw new UnauthorizedError('A valid API key')
  }

  app.decorate('authorizeKey', authorize)
  app.addHook('onRequest', async ({ headers, routeOptions: { schema } }) => {
    if (!isOpen(schema)) authorize(headers.authorization, headers['x-api-key']?.toString())
  })
}, { name: 'api-keys', fastify: '5.x', dependencies: ['errors'], decorators: { fastify: ['config'] } })

function isOpen (schema: FastifySchema | undefined): boolean {
  return schema?.security?.length === 0
}
