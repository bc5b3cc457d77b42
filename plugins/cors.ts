import fastifyCors from '@fastify/cors'
import fp from 'fastify-plugin'

/** Lets browsers call from the origins of CORS_ORIGIN; without it they may not. */
export default fp(async (app) => {
  const origins = app.config.CORS_ORIGIN?.split(',').map((origin) => origin.trim()).filter((origin) => origin !== '') ?? []
  if (origins.length === 0) return
  await app.register(fastifyCors, {
    origin: origins.includes('*') ? '*' : origins,
    methods: ['GET', 'HEAD', 'POST'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'Server-Timing'],
    maxAge: 600,
    // A plain OPTIONS request is answered like a preflight, not by an error in plain text.
    strictPreflight: false
  })
}, { name: 'cors', fastify: '5.x', decorators: { fastify: ['config'] } })
