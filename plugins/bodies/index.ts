import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { parseJson } from '../../codecs/json.js'
import { limitJson } from '../../config.js'
import { readBody } from './body-reader.js'

/** JSON bodies: small ones are parsed here; those from POOL_PARSE_BYTES on stay bytes, to be read in a worker thread. */
export default fp(async (app) => {
  const { POOL_PARSE_BYTES: threshold } = app.config
  const limit = limitJson(app.config)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (_request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, limit, (length) => length).then(({ head }) => head.byteLength < threshold ? parseJson(head) : head))
}, { name: 'bodies', fastify: '5.x', decorators: { fastify: ['config'] } })
