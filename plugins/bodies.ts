import fp from 'fastify-plugin'
import { parseJson } from '../codecs/json.js'

/** JSON bodies: small ones are parsed here; those from POOL_PARSE_BYTES on stay bytes, to be read in a worker thread. */
export default fp(async (app) => {
  const threshold = app.config.POOL_PARSE_BYTES
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    body.byteLength < threshold ? parseJson(body) : body)
}, { name: 'bodies', fastify: '5.x', decorators: { fastify: ['config'] } })
