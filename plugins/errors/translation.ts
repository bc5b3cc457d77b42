import type { FastifyError, FastifyRequest } from 'fastify'
import { describe } from '../../codecs/records/field-errors.js'
import { InvalidRequestError, NotFoundError, PayloadTooLargeError, UnsupportedMediaTypeError, type FieldError } from '../../errors.js'

export type ServerError = Error & { code: string, statusCode?: number, errors?: FieldError[] }

/** Fastify's own errors in the words of this server. */
export function translate (error: Error & Partial<FastifyError>, request: FastifyRequest): ServerError {
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
