import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { parseJson } from '../codecs/json.js'
import { CorruptBodyError, PayloadTooLargeError, UnsupportedEncodingError } from '../errors.js'

const inflaters = new Map([['gzip', promisify(gunzip)], ['x-gzip', promisify(gunzip)], ['deflate', promisify(inflate)]])

/** JSON bodies: small ones are parsed here; those from POOL_PARSE_BYTES on stay bytes, to be read in a worker thread. */
export default fp(async (app) => {
  const { POOL_PARSE_BYTES: threshold, BODY_LIMIT: limit } = app.config
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async ({ headers }: FastifyRequest, body: Buffer) => {
    const encoding = headers['content-encoding']
    const bytes = encoding === undefined ? body : await decompress(body, encoding, limit)
    return bytes.byteLength < threshold ? parseJson(bytes) : bytes
  })
}, { name: 'bodies', fastify: '5.x', decorators: { fastify: ['config'] } })

async function decompress (body: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity') return body
  const inflateBody = inflaters.get(name)
  if (inflateBody === undefined) throw new UnsupportedEncodingError(name.slice(0, 80))
  try {
    return await inflateBody(body, { maxOutputLength: limit })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'ERR_BUFFER_TOO_LARGE' ? new PayloadTooLargeError(limit) : new CorruptBodyError(message)
  }
}
