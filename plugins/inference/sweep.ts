import { DeadlineExceededError } from '../../errors.js'
import { findLapse } from './deadline.js'
import type { ModelQueue } from './queue.js'
import type { Slots } from './slots.js'
import type { Tasks } from './tasks.js'

// An answer may be late by as much.
const sweepMs = 10

/** Looks every few milliseconds at deadlines and limits, as long as anything is under way. A timer of its own for each request would cost far more. */
export class Sweep {
  readonly #queues: Iterable<ModelQueue>
  readonly #slots: Slots
  readonly #tasks: Tasks
  readonly #onWaiting: (queue: ModelQueue) => void
  #timer: NodeJS.Timeout | undefined

  /** `onWaiting` is called each time with every model that has requests waiting. */
  constructor (queues: Iterable<ModelQueue>, slots: Slots, tasks: Tasks, onWaiting: (queue: ModelQueue) => void) {
    this.#queues = queues
    this.#slots = slots
    this.#tasks = tasks
    this.#onWaiting = onWaiting
  }

  /** There is something under way. */
  start (): void {
    this.#timer ??= setTimeout(this.#sweep, sweepMs).unref()
  }

  stop (): void {
    clearTimeout(this.#timer)
  }

  readonly #sweep = (): void => {
    this.#timer = undefined
    const now = performance.now()
    let isOpen = this.#tasks.areWaiting || this.#slots.isBusy
    for (const queue of this.#queues) {
      if (!queue.isIdle) isOpen = true
      queue.forEachOpen((pending) => {
        const { deadline, enqueuedAt, running } = pending
        const patienceMs = running ? Infinity : queue.patienceMs
        const lapse = findLapse(deadline, now)
        if (lapse !== undefined) queue.settle(pending, lapse)
        else if (enqueuedAt + patienceMs <= now) queue.settle(pending, new DeadlineExceededError(patienceMs))
      })
      if (queue.rowsWaiting > 0) this.#onWaiting(queue)
    }
    this.#tasks.dropLapsed(now)
    this.#slots.endOverruns(now)
    if (isOpen) this.start()
  }
}
