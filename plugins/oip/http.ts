import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
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
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    raw.headers['content-type'] = undefined
    done()
  })
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
    return sendText(this, JSON.stringify(value))
  })

  app.decorateReply('sendParts', async function ({ json, blobs }) {
    const encoding = chooseEncoding(this.request.headers['accept-encoding'])
    if (typeof json === 'string' && blobs.length === 0 && encoding === undefined) return sendText(this, json)
    const parts = [typeof json === 'string' ? Buffer.from(json) : json, ...blobs] as const
    const length = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (length === parts[0].byteLength) {
      this.header('content-type', 'application/json')
    } else {
      this.header('content-type', 'application/octet-stream').header(headerLengthName, parts[0].byteLength)
    }
    if (encoding !== undefined) return this.header('content-encoding', encoding).send(await compress(join(parts), encoding))
    if (length < streamBytes) return this.send(join(parts))
    this.raw.once('finish', () => parts.forEach(freeMemory))
    return this.header('content-length', length).send(Readable.from(parts))
  })
}, { name: 'oip-http', fastify: '5.x', decorators: { fastify: ['config'] } })

/** Text leaves in one piece with the headers. The serializer is there because Fastify adds a charset to the type of what has none. */
function sendText (reply: FastifyReply, json: string): FastifyReply {
  return reply.header('content-type', 'application/json').serializer(asIs).send(json)
}

function asIs (json: string): string {
  return json
}

function join (parts: readonly Uint8Array[]): Buffer {
  const [first, ...others] = parts
  return first !== undefined && others.length === 0 ? Buffer.from(first.buffer, first.byteOffset, first.byteLength) : Buffer.concat(parts)
}
