import { hash, timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import { UnauthorizedError } from '../errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Throws UnauthorizedError unless ADMIN_TOKEN is not set, or is what this Authorization header (or metadata) holds. */
    authorizeAdmin (authorization: string | undefined): void
  }
}

/** Who may load and unload models. */
export default fp(async (app) => {
  const { ADMIN_TOKEN } = app.config
  const expected = ADMIN_TOKEN === undefined ? undefined : digest(ADMIN_TOKEN)

  app.decorate('authorizeAdmin', (authorization) => {
    if (expected === undefined) return
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
    if (token === undefined || !timingSafeEqual(digest(token), expected)) throw new UnauthorizedError()
  })
}, { name: 'auth', fastify: '5.x', decorators: { fastify: ['config'] } })

// Digests have one length, whatever was sent.
function digest (token: string): Buffer {
  return hash('sha256', token, 'buffer')
}
