import type { FastifyInstance, FastifyRequest, FastifyReply } from 'fastify'
import FindMyWay from 'find-my-way'
import { MethodNotAllowedError, NotFoundError } from '../../errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** To be called once all routes are registered. */
    refuseOtherMethods (): void
  }
}

/** Fastify answers a wrong method with 404; every path that exists gets a 405 for the methods it lacks. */
export function refuseOtherMethods (app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  const allowed = new Map<string, string>()
  let paths: ReturnType<typeof FindMyWay> | undefined

  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    methods.set(url, known)
    for (const name of [method].flat()) known.add(name)
  })

  app.decorate('refuseOtherMethods', () => {
    const preflights = methods.has('*')
    for (const [url, known] of [...methods]) {
      // The route that answers preflights stands for every path, also for those that do not exist.
      if (url === '*') continue
      const allow = [...known].join(', ')
      allowed.set(url, allow)
      const missing = app.supportedMethods.filter((method) => !known.has(method) && !(method === 'OPTIONS' && preflights))
      app.route({
        method: missing,
        url,
        schema: { hide: true },
        onRequest: async (request, reply) => { throw refuse(request, reply, allow) },
        handler: async () => undefined
      })
    }
  })

  // A path that does not exist is told before its body is looked at. Methods that Fastify knows no routes for come here, too.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    const allow = app.supportedMethods.includes(request.method) ? undefined : findAllowed(request.url)
    done(allow === undefined ? new NotFoundError(request.url) : refuse(request, reply, allow))
  })

  function findAllowed (url: string): string | undefined {
    paths ??= routePaths()
    return paths.find('GET', url)?.store
  }

  /** The paths alone, whatever the method. Few servers are ever asked for it. */
  function routePaths (): ReturnType<typeof FindMyWay> {
    const router = FindMyWay({ ...app.initialConfig.routerOptions })
    for (const [url, allow] of allowed) router.on('GET', url, () => {}, allow)
    return router
  }
}

function refuse ({ method }: FastifyRequest, reply: FastifyReply, allow: string): Error {
  reply.header('allow', allow)
  return new MethodNotAllowedError(method, allow)
}
