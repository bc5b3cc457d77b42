import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError } from 'fastify'
import { ExpectationFailedError, HeadersTooLargeError, InvalidHttpError, RequestTimeoutError } from '../../errors.js'
import type { LingeringConnections } from '../lingering-close.js'
import { createId, genReqId } from '../request-id.js'
import { describeError, type ToldError } from './body.js'

/** What Node says of a connection that cannot go on; the packet is there unless the time was up. */
type ConnectionError = Error & { code: string, rawPacket?: unknown }

/** Node keeps the answer that a connection waits for here, and looks at it itself before it answers an error. */
type HttpSocket = Socket & { _httpMessage?: (ServerResponse & { req: IncomingMessage }) | null }

const longestLine = 4096

/** Answers what is no HTTP request, or none that arrives, and closes its connection. */
export function refuseConnections (lingering: LingeringConnections) {
  return (error: ConnectionError, socket: HttpSocket): void => {
    const response = socket._httpMessage
    if (error.code === 'ECONNRESET' || socket.destroyed || response?.headersSent === true) {
      socket.destroy()
    } else if (!socket.writable) {
      // It has its answer; what still comes is thrown away, and no HTTP either.
      if (socket.readableEnded) socket.destroy()
    } else {
      const refusal = translate(error.code)
      const id = createId()
      const { title, type, body } = describeError(response?.req.url ?? findPath(error.rawPacket), tell(refusal, id))
      socket.write(Buffer.concat([
        Buffer.from(`HTTP/1.1 ${refusal.statusCode} ${title}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`),
        body
      ]))
      lingering.end(socket)
    }
  }
}

/** Answers a request that expects of the server what it cannot do; Node itself would send the bare status. */
export function refuseExpectation (lingering: LingeringConnections) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const id = genReqId(request)
    const refusal = new ExpectationFailedError(request.headers.expect?.slice(0, 80) ?? '')
    const { type, body } = describeError(request.url ?? '', tell(refusal, id))
    lingering.expect(request, response)
    response.writeHead(417, { 'content-type': type, 'content-length': body.length, 'x-request-id': id }).end(body)
  }
}

/** What Node's HTTP parser reports, in the words of this server. */
function translate (code: string): FastifyError {
  if (code === 'HPE_HEADER_OVERFLOW') return new HeadersTooLargeError()
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? new RequestTimeoutError() : new InvalidHttpError()
}

function tell ({ statusCode = 500, code, message }: FastifyError, requestId: string): ToldError {
  return { status: statusCode, code, detail: message, errors: [], requestId }
}

/** The path of the first request in a packet; '' for a packet that begins within a request. */
function findPath (packet: unknown): string {
  const text = Buffer.isBuffer(packet) ? packet.toString('latin1', 0, longestLine) : ''
  return /^\s*[\w-]+ (\S+)/.exec(text)?.[1] ?? ''
}
