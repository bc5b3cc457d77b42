import fp from 'fastify-plugin'
import { UnauthorizedError } from '../../errors.js'
import { checkSecret, Credentials, readBearer } from './credentials.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Throws UnauthorizedError unless ADMIN_TOKEN is not set, or is what this Authorization header (or metadata) holds. */
    authorizeAdmin (authorization: string | undefined): void
  }
}

/** Who may load and unload models. Throws ConfigError for a token that nobody could send. */
export default fp(async (app) => {
  const { ADMIN_TOKEN } = app.config
  if (ADMIN_TOKEN !== undefined) checkSecret('ADMIN_TOKEN', ADMIN_TOKEN)
  const expected = ADMIN_TOKEN === undefined ? undefined : new Credentials([ADMIN_TOKEN])

  app.decorate('authorizeAdmin', (authorization) => {
    if (expected?.has(readBearer(authorization)) === false) throw new UnauthorizedError('A valid bearer token')
  })
}, { name: 'admin-token', fastify: '5.x', decorators: { fastify: ['config'] } })
