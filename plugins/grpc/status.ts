import type { FastifyBaseLogger } from 'fastify'
import { boundMessage } from '../../codecs/oip/error.js'

/** What a call ends with when it fails. Codes are those of gRPC. */
export interface CallStatus {
  code: number
  details: string
}

/** gRPC's own numbers: the library, which has them too, is not loaded before the first connection. */
export const statusCodes = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16
} as const

// Clients repeat what was UNAVAILABLE: only what is safe to repeat has a 503.
const byHttpStatus: Readonly<Record<number, number>> = {
  401: statusCodes.UNAUTHENTICATED,
  403: statusCodes.PERMISSION_DENIED,
  404: statusCodes.NOT_FOUND,
  413: statusCodes.RESOURCE_EXHAUSTED,
  429: statusCodes.RESOURCE_EXHAUSTED,
  499: statusCodes.CANCELLED,
  501: statusCodes.UNIMPLEMENTED,
  503: statusCodes.UNAVAILABLE,
  504: statusCodes.DEADLINE_EXCEEDED
}

/** The status of a failed call, by the HTTP status of its error. Details are well-formed, of at most 2 KiB, and tell nothing of an unexpected error. Failures of the server are logged. */
export function toStatus (error: unknown, log: FastifyBaseLogger): CallStatus {
  const httpStatus = readStatus(error)
  // Refusing while overloaded must be cheap; what is refused or late is seen in the log of inferences.
  if (httpStatus >= 500 && byHttpStatus[httpStatus] === undefined) log.error({ err: error }, error instanceof Error ? error.message : 'a gRPC call failed')
  if (httpStatus === unexpected || !(error instanceof Error)) return { code: statusCodes.INTERNAL, details: 'The request could not be answered' }
  const clientError = httpStatus < 500 ? statusCodes.INVALID_ARGUMENT : statusCodes.INTERNAL
  return { code: byHttpStatus[httpStatus] ?? clientError, details: boundMessage(error.message) }
}

const unexpected = 599

function readStatus (error: unknown): number {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : unexpected
}
