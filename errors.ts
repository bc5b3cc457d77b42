import createError from '@fastify/error'

/** One offending place in a request. `path` is a JSON pointer into the body, or the name of a query parameter. */
export interface FieldError {
  path: string
  message: string
  expected?: string
  got?: string
}

/** Seconds after which a client may try again, sent as `Retry-After` with every 503. */
export const RETRY_AFTER_S = 1

/** How bodies may be compressed, sent as `Accept-Encoding` to those who tried something else. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate'

/** The body or query does not have the form the route asks for; every offending field is listed (bounded). */
export class InvalidRequestError extends createError<[string]>('INVALID_REQUEST', '%s', 400) {
  errors: FieldError[]
  constructor (detail: string, errors: FieldError[] = []) {
    super(detail)
    this.errors = errors
  }
}

/** A record that is well-formed but breaks one of the model's rules. */
export class RuleViolatedError extends createError<[string]>('RULE_VIOLATED', '%s', 422) {
  errors: FieldError[]
  constructor (detail: string, errors: FieldError[] = []) {
    super(detail)
    this.errors = errors
  }
}

export const InvalidJsonError = createError<[string]>('INVALID_JSON', '%s', 400)
export const InvalidHttpError = createError('INVALID_HTTP', 'This is not a valid HTTP request', 400)
export const HeadersTooLargeError = createError('HEADERS_TOO_LARGE', 'The headers are too large', 431)
export const RequestTimeoutError = createError('REQUEST_TIMEOUT', 'The request did not arrive in time', 408)
export const ExpectationFailedError = createError<[string]>('EXPECTATION_FAILED', 'Expect can be 100-continue, not %s', 417)
export const NotFoundError = createError<[string]>('NOT_FOUND', 'There is nothing at %s', 404)
export const ModelNotFoundError = createError<[string, string]>('MODEL_NOT_FOUND', "There is no model '%s'%s", 404)
export const VersionNotFoundError = createError<[string, string, string]>('VERSION_NOT_FOUND', "Model '%s' has no version or label '%s'%s", 404)
export const NoDefaultModelError = createError<[string]>('NO_DEFAULT_MODEL', 'No model is the default one%s', 404)
export const UnauthorizedError = createError<[string]>('UNAUTHORIZED', '%s is required', 401)
export const MethodNotAllowedError = createError<[string, string]>('METHOD_NOT_ALLOWED', '%s is not allowed here, only %s', 405)
export const NotAcceptableError = createError<[string, string]>('NOT_ACCEPTABLE', 'This is offered as %s, not as %s', 406)
export const PayloadTooLargeError = createError<[number]>('PAYLOAD_TOO_LARGE', 'The body is larger than %d bytes', 413)
export const UnsupportedMediaTypeError = createError<[string]>('UNSUPPORTED_MEDIA_TYPE', 'Content-Type must be application/json, not %s', 415)
export const UnsupportedEncodingError = createError<[string]>('UNSUPPORTED_ENCODING', 'Content-Encoding must be gzip or deflate, not %s', 415)
export const CorruptBodyError = createError<[string]>('CORRUPT_BODY', 'The body cannot be decompressed: %s', 400)
export const LoadFailedError = createError<[string, string]>('LOAD_FAILED', "Model '%s' cannot be loaded: %s", 400)
export const RepositoryControlError = createError('REPOSITORY_CONTROL_OFF', 'Models cannot be listed, loaded or unloaded here: REPOSITORY_CONTROL is off', 503)
export const NamedRepositoryError = createError('NOT_IMPLEMENTED', "'repository_name' specification is not supported", 501)
export const ExplainError = createError('NOT_IMPLEMENTED', 'explain is not offered', 501)
export const ModelNotReadyError = createError<[string, string]>('MODEL_NOT_READY', "Model '%s' is not ready: %s", 503)
export const QueueFullError = createError<[string, number]>('QUEUE_FULL', "The queue of model '%s' is full (%d rows)", 503)
export const DrainingError = createError('DRAINING', 'The server is shutting down', 503)
export const OverloadedError = createError('OVERLOADED', 'The server is overloaded', 503)
export const WorkerLostError = createError<[ErrorOptions?]>('WORKER_LOST', 'The thread that worked on this request was lost', 503)
export const DeadlineExceededError = createError<[number]>('DEADLINE_EXCEEDED', 'No answer within %d ms', 504)
export const RunLimitError = createError<[number]>('RUN_LIMIT_EXCEEDED', 'The model ran longer than %d ms and was stopped', 504)
export const ClientGoneError = createError('CLIENT_GONE', 'The client closed the connection', 499)
export const InferenceError = createError<[string, ErrorOptions?]>('INFERENCE_FAILED', "Model '%s' failed to run", 500)
export const NonFiniteError = createError<[string]>('NON_FINITE_PREDICTION', "Model '%s' gave a prediction that is not a finite number", 500)
