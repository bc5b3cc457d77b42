import type { ModelQueue } from './queue.js'

// Turns of the event loop that a dispatch may wait for requests that keep arriving.
const gatherTurns = 4

/** When to dispatch: at once, when the requests of this turn of the event loop are there, or when one has waited long enough for company. */
export class Pacer {
  readonly #dispatch: () => void
  #isScheduled = false
  #arrived = 0
  #latest: ModelQueue | undefined
  #seen = 0
  #turns = 0
  #companyTimer: NodeJS.Timeout | undefined
  #companyAt = 0

  constructor (dispatch: () => void) {
    this.#dispatch = dispatch
  }

  /** Whether a dispatch comes in this turn of the event loop or in one of the next. */
  get isScheduled (): boolean {
    return this.#isScheduled
  }

  /** A request was put into this queue. */
  arrive (queue: ModelQueue): void {
    this.#arrived++
    this.#latest = queue
  }

  /** At once. */
  dispatch (): void {
    this.#isScheduled = false
    this.#dispatch()
  }

  /** After this turn of the event loop: requests that arrive in the same turn are seen together. When only one came this costs nothing. */
  dispatchSoon (): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#turns = 0
    this.#seen = this.#arrived - 1
    setImmediate(this.#gather)
  }

  /** When so much time has passed, or earlier. */
  dispatchIn (ms: number): void {
    // Timers have a resolution of a millisecond; a shorter delay is waited for turn by turn.
    if (ms < 1) return this.dispatchSoon()
    const at = performance.now() + ms
    if (this.#companyTimer !== undefined && this.#companyAt <= at) return
    clearTimeout(this.#companyTimer)
    this.#companyAt = at
    this.#companyTimer = setTimeout(() => { this.#companyTimer = undefined; this.dispatchSoon() }, ms)
  }

  stop (): void {
    clearTimeout(this.#companyTimer)
  }

  /** Several requests in one turn mean that more are on the wire: as long as each turn brings some, the main thread is busy with them anyway. */
  readonly #gather = (): void => {
    const arrived = this.#arrived - this.#seen
    this.#seen = this.#arrived
    if (arrived > (this.#turns === 0 ? 1 : 0) && ++this.#turns <= gatherTurns && this.#latest?.expectsMore === true) setImmediate(this.#gather)
    else this.dispatch()
  }
}
