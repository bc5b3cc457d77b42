import fastifyCors from '@fastify/cors'
import fp from 'fastify-plugin'
import { ConfigError } from '../config.js'

/** Lets browsers call from the origins of CORS_ORIGIN; without it they may not. */
export default fp(async (app) => {
  const { CORS_ORIGIN } = app.config
  if (CORS_ORIGIN === undefined) return
  const origins = CORS_ORIGIN.split(',').map((origin) => origin.trim())
  const wrong = origins.find((origin) => origin !== '*' && !isOrigin(origin))
  if (wrong !== undefined) throw new ConfigError(`CORS_ORIGIN must be *, or origins such as https://app.example.com separated by commas, got ${JSON.stringify(wrong)}`)
  await app.register(fastifyCors, {
    origin: origins.includes('*') ? '*' : origins,
    methods: ['GET', 'HEAD', 'POST'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'Server-Timing'],
    maxAge: 600,
    // A plain OPTIONS request is answered like a preflight, not by an error in plain text.
    strictPreflight: false
  })
}, { name: 'cors', fastify: '5.x', decorators: { fastify: ['config'] } })

/** Whether a browser would send this text as its Origin: no path, no slash at the end, no port that is the usual one, no pattern. */
function isOrigin (text: string): boolean {
  if (!URL.canParse(text) || text.includes('*')) return false
  const { origin } = new URL(text)
  // Apps have schemes of their own, of which a URL knows no origin.
  return origin === text || (origin === 'null' && /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,]+$/.test(text))
}
