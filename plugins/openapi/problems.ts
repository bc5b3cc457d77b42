import { RETRY_AFTER_S } from '../../errors.js'
import { hasPlainErrors } from '../errors/body.js'
import { type OpenapiDocument, type Reference, type Response, schemaRef } from './document.js'

const kinds: Record<string, { name: string, description: string }> = {
  400: { name: 'InvalidRequest', description: 'The request does not have the form that is asked for: `INVALID_REQUEST` with every offending field, or `INVALID_JSON`.' },
  401: { name: 'Unauthorized', description: 'The key or token is missing or wrong: `UNAUTHORIZED`.' },
  404: { name: 'NotFound', description: 'There is no such model, version or path: `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, `NO_DEFAULT_MODEL` or `NOT_FOUND`.' },
  405: { name: 'MethodNotAllowed', description: 'The path knows other methods only, which `Allow` names: `METHOD_NOT_ALLOWED`. It stands here because a path cannot have answers of its own.' },
  406: { name: 'NotAcceptable', description: 'What is offered is nothing that `Accept` takes: `NOT_ACCEPTABLE`.' },
  408: { name: 'RequestTimeout', description: 'The request did not arrive in time: `REQUEST_TIMEOUT`. The connection is closed.' },
  413: { name: 'PayloadTooLarge', description: 'The body has more bytes than the server takes: `PAYLOAD_TOO_LARGE`.' },
  415: { name: 'UnsupportedMediaType', description: 'The body is not `application/json`: `UNSUPPORTED_MEDIA_TYPE`.' },
  417: { name: 'ExpectationFailed', description: '`Expect` can be 100-continue only: `EXPECTATION_FAILED`.' },
  422: { name: 'UnprocessableContent', description: 'The request is well-formed, but breaks a rule of the model or asks for what it cannot do: `RULE_VIOLATED` and others.' },
  431: { name: 'HeadersTooLarge', description: 'The headers are too large: `HEADERS_TOO_LARGE`. The connection is closed.' },
  500: { name: 'InternalError', description: 'The server or the model failed; the log says why: `INFERENCE_FAILED`, `NON_FINITE_PREDICTION` or `INTERNAL_ERROR`.' },
  503: { name: 'Unavailable', description: 'Not now: `QUEUE_FULL`, `MODEL_NOT_READY`, `DRAINING`, `OVERLOADED` or `WORKER_LOST`.' },
  504: { name: 'DeadlineExceeded', description: 'There was no answer in time: `DEADLINE_EXCEEDED` or `RUN_LIMIT_EXCEEDED`.' },
  '4XX': { name: 'ClientError', description: 'The request cannot be answered as it is; `code` tells why.' },
  '5XX': { name: 'ServerError', description: 'The server cannot answer; `code` tells why.' }
}

const ranges = ['4XX', '5XX']
const problem = schemaRef('Problem')
const headers: Record<string, Response['headers']> = {
  405: { Allow: { description: 'The methods of this path.', schema: { type: 'string' }, example: 'POST' } },
  503: { 'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 1 }, example: RETRY_AFTER_S } }
}

/** The answers that errors get, as `components.responses`. */
export const problemResponses: Record<string, Response> = Object.fromEntries(Object.entries(kinds).map(([status, { name, description }]) => [name, {
  description,
  ...(headers[status] !== undefined && { headers: headers[status] }),
  content: { 'application/problem+json': { schema: problem } }
}]))

/** References to the answers of these statuses. */
export function refuseWith (...statuses: (number | string)[]): Record<string, Reference> {
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${nameOf(String(status))}` }]))
}

function nameOf (status: string): string | undefined {
  return (kinds[status] ?? kinds[`${status.charAt(0)}XX`])?.name
}

/** Answers under /v1 and /v2, whose clients know no problem details. */
const plainResponses: Record<string, Response> = Object.fromEntries(['401', ...ranges].map((status) => [`Plain${nameOf(status)}`, {
  description: kinds[status]?.description.replace('`code`', '`error`') ?? '',
  content: { 'application/json': { schema: schemaRef('OipError') } }
}]))

/** Gives the operations of routes the shared answers: wherever they name the schema of a problem, and general ones for all other errors. */
export function shareProblems ({ paths, components }: OpenapiDocument): void {
  Object.assign(components.responses, plainResponses)
  for (const [path, item] of Object.entries(paths)) {
    for (const { responses } of Object.values(item)) {
      const told = Object.keys(responses).filter((status) => isProblem(responses[status]))
      Object.assign(responses, Object.fromEntries([...told, ...ranges].map((status) => [status, refusal(path, status)])))
    }
  }
}

/** Reference to the answer of one status on this path. */
export function refusal (path: string, status: number | string): Reference {
  return { $ref: `#/components/responses/${hasPlainErrors(path) ? 'Plain' : ''}${nameOf(String(status))}` }
}

function isProblem (response: Response | Reference | undefined): boolean {
  if (response === undefined || '$ref' in response) return false
  return Object.values(response.content ?? {}).some(({ schema }) => schema.$ref === problem.$ref)
}
