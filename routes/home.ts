import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

/** Who opens the server in a browser finds its documentation. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'))
}

export default routes
