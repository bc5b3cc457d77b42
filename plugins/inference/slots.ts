import type { Pool } from './pool.js'
import type { ModelQueue } from './queue.js'
import { Slot } from './slot.js'

/** The threads that are alive, each with what it holds and does. */
export class Slots {
  /** Threads that were lost. */
  replaced = 0
  readonly #pool: Pool
  readonly #slots = new Map<number, Slot>()
  #present = Promise.withResolvers<undefined>()
  #draining: Error | undefined

  constructor (pool: Pool) {
    this.#pool = pool
    pool.on('ready', (thread) => this.#add(thread))
    pool.on('lost', (thread) => {
      this.replaced++
      this.#remove(thread)
    })
    pool.on('retired', (thread) => this.#remove(thread))
  }

  get size (): number {
    return this.#slots.size
  }

  /** Whether any thread has something to do. */
  get isBusy (): boolean {
    for (const slot of this.#slots.values()) if (slot.busy || slot.tasks.length > 0) return true
    return false
  }

  /** The thread that has lived longest. */
  get oldest (): Slot | undefined {
    return this.#slots.values().next().value
  }

  /** Why nothing is begun any more; undefined until the end. */
  get draining (): Error | undefined {
    return this.#draining
  }

  /** Resolves once there is a thread; rejects when the end comes before it. */
  async present (): Promise<void> {
    await this.#present.promise
    if (this.#draining !== undefined) throw this.#draining
  }

  * idle (): Generator<Slot> {
    for (const slot of this.#slots.values()) if (!slot.busy) yield slot
  }

  idleHolders (queue: ModelQueue): number {
    let count = 0
    for (const slot of this.idle()) if (slot.queues.has(queue)) count++
    return count
  }

  holders (queue: ModelQueue): Slot[] {
    return [...this.#slots.values()].filter((slot) => slot.queues.has(queue))
  }

  /** The thread that does not hold the model and has least to do. */
  freest (queue: ModelQueue): Slot | undefined {
    let freest: Slot | undefined
    for (const slot of this.#slots.values()) {
      if (slot.queues.has(queue) || slot.isReserved) continue
      if (freest === undefined || load(slot) < load(freest)) freest = slot
    }
    return freest
  }

  /** One thread more. Rejects when it does not come up, or the end comes before it. */
  async add (): Promise<Slot> {
    const thread = await this.#pool.add().catch((error) => { throw this.#draining ?? error })
    const slot = this.#slots.get(thread)
    if (slot === undefined) throw new Error('the thread was lost at once')
    return slot
  }

  /** Ends the threads that have worked on one thing beyond its limit. */
  endOverruns (now: number): void {
    for (const slot of this.#slots.values()) {
      if (!slot.hasOverrun(now)) continue
      slot.overran = true
      this.#pool.abandon(slot.thread)
    }
  }

  /** Refuses what waits for a thread. */
  stop (error: Error): void {
    this.#draining = error
    this.#present.resolve(undefined)
    for (const slot of this.#slots.values()) for (const task of slot.tasks.splice(0)) task.refuse(error)
  }

  #add (thread: number): void {
    this.#slots.set(thread, new Slot(thread))
    this.#present.resolve(undefined)
  }

  #remove (thread: number): void {
    const slot = this.#slots.get(thread)
    if (slot === undefined) return
    slot.lost = true
    this.#slots.delete(thread)
    if (this.#slots.size === 0) this.#present = Promise.withResolvers()
    // The pool rejects whatever is asked of a thread that is gone.
    for (const task of slot.tasks.splice(0)) task.perform(slot)
  }
}

function load (slot: Slot): number {
  return (slot.busy ? 1e6 : 0) + slot.queues.size + slot.tasks.length
}
