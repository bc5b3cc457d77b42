import { InvalidJsonError, InvalidRequestError, RuleViolatedError } from '../../errors.js'
import type { Refusal } from '../../workers/contract.js'

/** The error that a thread would have thrown, had errors kept more than their message between threads. */
export function restoreError ({ code, detail, errors }: Refusal): Error {
  if (code === 'INVALID_JSON') return new InvalidJsonError(detail)
  return code === 'RULE_VIOLATED' ? new RuleViolatedError(detail, errors) : new InvalidRequestError(detail, errors)
}
