import type { Pending } from './request.js'
import type { WaitingMemory } from './waiting-memory.js'

/** Requests that wait for a run, first come first served. Those that are answered meanwhile keep their place until it comes to the front. */
export class Backlog {
  /** Those that are not answered. */
  requests = 0
  /** Their rows; a request without rows counts as one. */
  rows = 0
  readonly #memory: WaitingMemory
  #places: (Pending | undefined)[] = []
  #head = 0

  constructor (memory: WaitingMemory) {
    this.#memory = memory
  }

  push (pending: Pending): void {
    this.#forgetSettled()
    this.#places.push(pending)
    this.#add(pending)
  }

  /** Puts these in front of all others. */
  unshift (requests: Pending[]): void {
    this.#places = [...requests, ...this.#places.slice(this.#head)]
    this.#head = 0
    for (const pending of requests) this.#add(pending)
  }

  /** The first that is not answered. */
  front (): Pending | undefined {
    this.#head = this.#findOpen()
    return this.#places[this.#head]
  }

  /** Enqueue time of that one; Infinity when there is none. */
  get oldest (): number {
    return this.#places[this.#findOpen()]?.enqueuedAt ?? Infinity
  }

  /** Takes out what `front` gave. */
  shift (pending: Pending): void {
    // A queue that is never empty would keep a thousand requests for ever, and with them all that they hold in the young generation.
    this.#places[this.#head++] = undefined
    this.release(pending)
  }

  /** A request was answered where it stands. */
  release (pending: Pending): void {
    this.requests--
    this.rows -= countRows(pending)
    this.#memory.remove(pending.bytes)
  }

  /** Gives back the memory in front of the head. */
  compact (): void {
    if (this.#head === this.#places.length) {
      this.#places = []
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#places = this.#places.slice(this.#head)
      this.#head = 0
    }
  }

  /** Calls with everyone that is not answered; they may be answered meanwhile. A callback, because a generator costs several times as much. */
  forEach (visit: (pending: Pending) => void): void {
    for (let i = this.#head; i < this.#places.length; i++) {
      const pending = this.#places[i]
      if (pending !== undefined && !pending.settled) visit(pending)
    }
  }

  #add (pending: Pending): void {
    this.requests++
    this.rows += countRows(pending)
    this.#memory.add(pending.bytes)
  }

  #findOpen (): number {
    let index = this.#head
    while (this.#places[index]?.settled === true) index++
    return index
  }

  /** Requests that were answered while they waited leave with the next run; while no run comes they must not pile up. */
  #forgetSettled (): void {
    if (this.#places.length - this.#head <= 2 * this.rows + 64) return
    this.#places = this.#places.slice(this.#head).filter((pending) => pending?.settled === false)
    this.#head = 0
  }
}

function countRows ({ rows }: Pending): number {
  return Math.max(1, rows)
}
