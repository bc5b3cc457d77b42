import type { ModelQueue } from './queue.js'

/** Work that is no prediction: opening or closing a model, parsing a big body. */
export interface Task {
  perform: (slot: Slot) => Promise<void>
  /** Instead of `perform`. */
  refuse: (error: Error) => void
}

/** One thread as the scheduler sees it: what it holds and what it is doing. */
export class Slot {
  readonly thread: number
  /** The models that are open on this thread. */
  readonly queues = new Set<ModelQueue>()
  /** Opening and closing models on this very thread; goes before predictions. */
  readonly tasks: Task[] = []
  busy = false
  lost = false
  /** One thread takes over what another holds: until that is done nothing else is opened on either. */
  isReserved = false
  /** What it did passed its limit and the thread was ended. */
  overran = false
  #limitAt = Infinity

  constructor (thread: number) {
    this.thread = thread
  }

  /** `limitAt` is the `performance.now()` at which the thread is ended. */
  occupy (limitAt: number): void {
    this.busy = true
    this.#limitAt = limitAt
  }

  vacate (): void {
    this.busy = false
    this.#limitAt = Infinity
  }

  hasOverrun (now: number): boolean {
    return this.busy && this.#limitAt <= now
  }
}
