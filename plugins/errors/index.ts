import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { describe } from '../../codecs/records/field-errors.js'
import {
  ACCEPTED_ENCODINGS, HeadersTooLargeError, InvalidHttpError, InvalidRequestError, MethodNotAllowedError, NotFoundError,
  PayloadTooLargeError, RequestTimeoutError, RETRY_AFTER_S, UnsupportedEncodingError, UnsupportedMediaTypeError, type FieldError
} from '../../errors.js'
import type { Problem } from '../../schemas/problem.js'
import { createId } from '../request-id.js'

/** The routes whose clients know no problem details but `{"error": "…"}`: KServe V1 and the Open Inference Protocol. */
const plainErrorPath = /^\/v[12](\/|\?|$)/
const longestMessage = 2048
const mostNamed = 5

/** Every error leaves through here: problem details, or `{"error"}` under /v1 and /v2. Nothing of a 5xx but its kind reaches a client. */
export default fp(async (app) => {
  // A path that does not exist is told before its body is looked at.
  app.addHook('onRequest', (request, _reply, done) => { done(request.is404 ? new NotFoundError(request.url) : undefined) })
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
  const detail = (unexpected ? 'The request could not be answered' : error.message).toWellFormed().slice(0, longestMessage)
  const plain = plainErrorPath.test(request.url)
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code: unexpected ? 'INTERNAL_ERROR' : error.code,
    request_id: request.id,
    errors: error.errors ?? []
  }
  reply.header('x-request-id', request.id)
  // Fastify closes the connection whenever a body cannot be parsed, also when all of it has been read.
  if (request.raw.complete) reply.removeHeader('connection')
  // A Buffer, because Fastify adds a charset to the content type of every string.
  return reply
    .code(status)
    .header('content-type', plain ? 'application/json' : 'application/problem+json')
    .send(Buffer.from(JSON.stringify(plain ? { error: nameFields(detail, problem.errors) } : problem)))
}

/** Where an error is one text, it has to name the fields: those that its detail does not name already, and of many the first. */
function nameFields (detail: string, errors: FieldError[]): string {
  if (errors.every(({ path }) => !path.startsWith('/') || detail.includes(path.slice(1)))) return detail
  const named = errors.slice(0, mostNamed).map(({ path, message }) => `${path} ${message}`)
  return `${detail}: ${(errors.length > mostNamed ? [...named, '…'] : named).join('; ')}`.slice(0, longestMessage)
}

/** What Node's HTTP parser reports, in the words of this server. */
function translateConnection (code: string): InstanceType<typeof InvalidHttpError | typeof HeadersTooLargeError | typeof RequestTimeoutError> {
  if (code === 'HPE_HEADER_OVERFLOW') return new HeadersTooLargeError()
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? new RequestTimeoutError() : new InvalidHttpError()
}

/** Answers what is no HTTP request, or none that arrives, and closes its connection. */
export function refuseConnection ({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable || socket.destroyed) {
    socket.destroy()
    return
  }
  const error = translateConnection(code)
  const { statusCode: status } = error
  const title = STATUS_CODES[status] ?? 'Error'
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: error.message, code: error.code, request_id: createId(), errors: [] })
  socket.end(`HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
}

/** What is not offered, overload, deadlines and models that are not ready are answers, not faults: a stack for each would make an overload worse. */
function isExpected (status: number, error: ServerError): boolean {
  return (status === 501 || status === 503 || status === 504) && isOwn(error)
}

/** Errors of Node and of Fastify have codes too, but their messages are not for clients. */
function isOwn ({ code, statusCode }: ServerError): boolean {
  return code !== undefined && statusCode !== undefined && !code.startsWith('FST_')
}

type ServerError = Error & { code: string, statusCode?: number, errors?: FieldError[] }

/** Fastify's own errors in the words of this server. */
function translate (error: Error & Partial<FastifyError>, request: FastifyRequest): ServerError {
  switch (error.code) {
    case 'FST_ERR_VALIDATION': return refuseParameters(error.validation?.map((found) => toFieldError(found, error.validationContext === 'params' ? request.params : request.query)) ?? [])
    case 'FST_ERR_CTP_BODY_TOO_LARGE': return new PayloadTooLargeError(request.server.initialConfig.bodyLimit ?? 0)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return new UnsupportedMediaTypeError(request.headers['content-type']?.slice(0, 80) || 'nothing')
    case 'FST_ERR_CTP_EMPTY_JSON_BODY': return new InvalidRequestError('The body is empty')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH': return new InvalidRequestError('The body is not as long as its Content-Length says')
    case 'FST_ERR_BAD_URL': return new InvalidRequestError('The path is not a valid URL')
    case 'FST_ERR_MAX_PARAM_LENGTH': return new NotFoundError(request.url.slice(0, 200))
    default: return error as ServerError
  }
}

/** Bodies are judged by the models; what Fastify validates are parameters. */
function refuseParameters (found: FieldError[]): InvalidRequestError {
  const errors = found.filter(({ path }, index) => found.findIndex((other) => other.path === path) === index)
  const [first] = errors
  return new InvalidRequestError(errors.length === 1 && first !== undefined ? `${first.path} ${first.message}` : `${errors.length} parameters are invalid`, errors)
}

function toFieldError ({ instancePath, keyword, params, message = 'is invalid' }: NonNullable<FastifyError['validation']>[number], given: unknown): FieldError {
  const name = keyword === 'additionalProperties' ? String(params.additionalProperty) : instancePath.slice(1)
  // Whatever the client calls it: a parameter may be named like a member of every object.
  const value: unknown = Object.getOwnPropertyDescriptor(given, name)?.value
  const got = value !== undefined && { got: describe(value) }
  if (keyword === 'additionalProperties') return { path: name, message: 'is not a parameter of this route', ...got }
  const allowed = params.allowedValues
  if (!Array.isArray(allowed)) return { path: name, message, ...got }
  const expected = `one of: ${allowed.join(', ')}`
  return { path: name, message: `must be ${expected}`, expected, ...got }
}

/** Fastify answers a wrong method with 404; every path that exists gets a 405 for the methods it lacks. */
function refuseOtherMethods (app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    methods.set(url, known)
    for (const name of [method].flat()) known.add(name)
  })
  app.decorate('refuseOtherMethods', () => {
    const preflights = methods.has('*')
    for (const [url, known] of [...methods]) {
      // The route that answers preflights stands for every path, also for those that do not exist.
      if (url === '*') continue
      const allow = [...known].join(', ')
      const missing = app.supportedMethods.filter((method) => !known.has(method) && !(method === 'OPTIONS' && preflights))
      app.route({
        method: missing,
        url,
        schema: { hide: true },
        onRequest: async (request, reply) => {
          reply.header('allow', allow)
          throw new MethodNotAllowedError(request.method, allow)
        },
        handler: async () => undefined
      })
    }
  })
}

declare module 'fastify' {
  interface FastifyInstance {
    /** To be called once all routes are registered. */
    refuseOtherMethods (): void
  }
}
