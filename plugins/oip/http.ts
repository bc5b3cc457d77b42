import { Readable } from 'node:stream'
import fp from 'fastify-plugin'
import { limitJson } from '../../config.js'
import { PayloadTooLargeError } from '../../errors.js'
import { parseHeaderLength, type InferFrame } from '../../codecs/oip/request.js'
import type { InferParts } from '../../codecs/oip/response.js'
import { readBody } from '../bodies/body-reader.js'
import { chooseEncoding, compress } from '../bodies/content-encoding.js'
import { freeMemory } from '../bodies/memory.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, inflated when it was compressed; of at most `limit` bytes, or as many as JSON may have. Rejects with 400, 413 and 415. */
    readBytes (limit?: number): Promise<Buffer>
    /** The body of an infer request, cut where its length header says. Rejects with 400, 413 and 415. */
    readFrame (): Promise<InferFrame>
  }
  interface FastifyReply {
    /** Sends JSON whose content type has no charset, which some clients compare literally. */
    sendBare (value: unknown): FastifyReply
    /** Sends the answer of an infer request, compressed if the client asks for it. */
    sendParts (parts: InferParts): Promise<FastifyReply>
  }
}

const headerLengthName = 'inference-header-content-length'
// From here on it costs more to bring the parts together than to write them one by one.
const streamBytes = 65_536

/**
 * What the routes under /v1 and /v2 have in common: any content type or none, bodies that the handler reads itself (an
 * unknown model is refused before its body is looked at), and answers as the clients of these protocols expect them.
 */
export default fp(async (app) => {
  const limit = app.config.BODY_LIMIT
  const jsonLimit = limitJson(app.config)

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  // A content type that cannot be parsed would be refused before any parser is asked.
  app.addHook('onRequest', async (request) => { delete request.raw.headers['content-type'] })
  // Schemas document these routes; what a body holds is for the codecs to say.
  app.setValidatorCompiler(() => () => true)

  app.decorateRequest('readBytes', async function (bytes = jsonLimit) {
    const { head } = await readBody(this.raw, Math.min(bytes, jsonLimit), (length) => length)
    return head
  })

  app.decorateRequest('readFrame', async function () {
    const header = this.headers[headerLengthName]
    const headerLength = Array.isArray(header) ? header.join() : header
    const { head, tail } = await readBody(this.raw, limit, (length) => {
      const jsonLength = parseHeaderLength(headerLength, length)
      if (jsonLength > jsonLimit) throw new PayloadTooLargeError(jsonLimit)
      return jsonLength
    })
    const isRaw = headerLength !== undefined && head.byteLength === 0
    return { ...(!isRaw && { json: head }), blobs: tail }
  })

  app.decorateReply('sendBare', function (value) {
    return this.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(value)))
  })

  app.decorateReply('sendParts', async function ({ json, blobs }) {
    const parts = [json, ...blobs]
    const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const encoding = chooseEncoding(this.request.headers['accept-encoding'])
    if (length === json.byteLength) {
      this.header('content-type', 'application/json')
    } else {
      this.header('content-type', 'application/octet-stream').header(headerLengthName, json.byteLength)
    }
    if (encoding !== undefined) return this.header('content-encoding', encoding).send(await compress(join(parts), encoding))
    if (length < streamBytes) return this.send(join(parts))
    this.raw.once('finish', () => parts.forEach(freeMemory))
    return this.header('content-length', length).send(Readable.from(parts))
  })
}, { name: 'oip-http', fastify: '5.x', decorators: { fastify: ['config'] } })

function join (parts: Uint8Array[]): Buffer {
  const [first, ...others] = parts
  return first !== undefined && others.length === 0 ? Buffer.from(first.buffer, first.byteOffset, first.byteLength) : Buffer.concat(parts)
}
