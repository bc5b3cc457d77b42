import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ACCEPTED_ENCODINGS, NotFoundError, RETRY_AFTER_S, UnsupportedEncodingError } from '../../errors.js'
import { describeError } from './body.js'
import { refuseOtherMethods } from './methods.js'
import { translate, type ServerError } from './translation.js'

/** Every error leaves through here: problem details, or `{"error"}` under /v1 and /v2. Nothing of a 5xx but its kind reaches a client. */
export default fp(async (app) => {
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply))
  app.setNotFoundHandler((request, reply) => sendError(new NotFoundError(request.url), request, reply))
  refuseOtherMethods(app)
}, { name: 'errors', fastify: '5.x' })

/** Answers one error. Also for those that Fastify meets before any handler. */
export function sendError (thrown: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = translate(thrown, request)
  const status = error.statusCode ?? 500
  if (status >= 500 && !isExpected(status, error)) request.log.error({ err: thrown, request_id: request.id }, thrown.message)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S)
  if (error instanceof UnsupportedEncodingError) reply.header('accept-encoding', ACCEPTED_ENCODINGS)
  const unexpected = status >= 500 && !isOwn(error)
  const { type, body } = describeError(request.url, {
    status,
    code: unexpected ? 'INTERNAL_ERROR' : error.code,
    detail: unexpected ? 'The request could not be answered' : error.message,
    errors: error.errors ?? [],
    requestId: request.id
  })
  reply.header('x-request-id', request.id)
  if (isClosedInVain(request, reply)) reply.header('connection', 'keep-alive')
  return reply.code(status).header('content-type', type).send(body)
}

/** Fastify closes the connection whenever a body cannot be parsed, also when all of it has been read. If the client or the server is about to leave, it must. */
function isClosedInVain (request: FastifyRequest, reply: FastifyReply): boolean {
  return request.raw.complete && reply.hasHeader('connection') && reply.raw.shouldKeepAlive && !reply.raw.hasHeader('connection')
}

/** What is not offered, overload, deadlines and models that are not ready are answers, not faults: a stack for each would make an overload worse. */
function isExpected (status: number, error: ServerError): boolean {
  return (status === 501 || status === 503 || status === 504) && isOwn(error)
}

/** Errors of Node and of Fastify have codes too, but their messages are not for clients. */
function isOwn ({ code, statusCode }: ServerError): boolean {
  return code !== undefined && statusCode !== undefined && !code.startsWith('FST_')
}
