import { ClientGoneError, DeadlineExceededError } from '../../errors.js'
import type { Journal } from './journal.js'

/** Until when an answer is wanted, and whether anyone still waits for it. It is looked at, and calls nobody: far cheaper than an AbortSignal per request. */
export interface Deadline {
  /** `performance.now()` at which the answer is too late. */
  readonly at: number
  /** Milliseconds the client was given, for the message. */
  readonly ms: number
  readonly cancelled: boolean
  /** Where the request keeps what it did; absent when nobody will ask. */
  readonly journal?: Journal
}

/** Why nobody waits for an answer any more: ClientGoneError or DeadlineExceededError; undefined while somebody does. Without a deadline somebody always does. */
export function findLapse (deadline: Deadline | undefined, now: number): Error | undefined {
  if (deadline === undefined) return undefined
  if (deadline.cancelled) return new ClientGoneError()
  return deadline.at <= now ? new DeadlineExceededError(deadline.ms) : undefined
}
