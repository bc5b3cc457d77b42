import type { Deadline } from '../inference/deadline.js'
import type { Journal } from '../inference/journal.js'

/** A deadline that comes before the one it stands for and is cancelled with it. */
class EarlierDeadline implements Deadline {
  readonly ms: number
  readonly at: number
  readonly journal?: Journal
  readonly #whole: Deadline

  constructor (whole: Deadline, ms: number, at: number) {
    this.#whole = whole
    this.ms = ms
    this.at = at
    if (whole.journal !== undefined) this.journal = whole.journal
  }

  get cancelled (): boolean {
    return this.#whole.cancelled
  }
}

/** The same deadline, or an earlier one when the request asks for that. */
export function shorten (deadline: Deadline, timeoutMs: number | undefined): Deadline {
  if (timeoutMs === undefined) return deadline
  const at = performance.now() + timeoutMs
  return at < deadline.at ? new EarlierDeadline(deadline, timeoutMs, at) : deadline
}
