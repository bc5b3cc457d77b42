import type { Description, ModelRef } from '../../workers/contract.js'
import { OverloadedError, WorkerLostError } from '../../errors.js'
import type { Pool } from './pool.js'
import type { ModelQueue } from './queue.js'
import { Slot, type Task } from './slot.js'

interface FloatingTask extends Task {
  bytes: number
}

export interface PlacementOptions {
  /** Bytes of the bodies that may wait for a thread to read or write them. */
  waitingBytes: number
  /** Milliseconds that opening a model may take before its thread is ended. */
  loadLimitMs: number
}

// A run shorter than this loses more by a second thread's wake-ups than it gains.
const growRunMs = 1
// Chance meetings do not count: so many dispatches in a row must have found the model waiting beside an idle thread.
const growPressure = 3

/** Which thread holds which model: opens, closes, adds a thread where it pays, and opens again what a lost thread held. */
export class Placement {
  replaced = 0
  readonly #pool: Pool
  readonly #loadLimitMs: number
  readonly #waitingBytes: number
  readonly #wake: () => void
  readonly #slots = new Map<number, Slot>()
  readonly #models = new Map<ModelQueue, ModelRef>()
  readonly #floating: FloatingTask[] = []
  #floatingBytes = 0
  #floatingSince = 0
  #opening: Promise<unknown> = Promise.resolve()
  #slotPresent = Promise.withResolvers<undefined>()

  /** `wake` is called whenever there may be something new to dispatch. */
  constructor (pool: Pool, { loadLimitMs, waitingBytes }: PlacementOptions, wake: () => void) {
    this.#pool = pool
    this.#loadLimitMs = loadLimitMs
    this.#waitingBytes = waitingBytes
    this.#wake = wake
    pool.on('ready', (thread) => this.#add(thread))
    pool.on('lost', (thread) => this.#remove(thread))
  }

  /** Threads that are alive. */
  get size (): number {
    return this.#slots.size
  }

  get isBusy (): boolean {
    return this.#floating.length > 0 || [...this.#slots.values()].some((slot) => slot.busy || slot.tasks.length > 0)
  }

  * idle (): Generator<Slot> {
    for (const slot of this.#slots.values()) if (!slot.busy) yield slot
  }

  idleHolders (queue: ModelQueue): number {
    let count = 0
    for (const slot of this.idle()) if (slot.queues.has(queue)) count++
    return count
  }

  /** Opens a model on as many threads as its options ask for. */
  async open (queue: ModelQueue, model: ModelRef): Promise<Description> {
    try {
      const description = await this.#inTurn(() => this.#openSomewhere(queue, model))
      this.#models.set(queue, { ...model, sha256: description.sha256 })
      await this.#fill(queue)
      return description
    } catch (error) {
      queue.closed = true
      await this.close(queue)
      throw error
    }
  }

  async close (queue: ModelQueue): Promise<void> {
    this.#models.delete(queue)
    await Promise.all(this.#holders(queue).map((slot) => this.#closeOn(slot, queue)))
  }

  /** Runs on the first thread that is free, in turn with the models. `bytes` is what it keeps in memory until then; throws OverloadedError when others keep too much already. */
  runAnywhere<T> (run: (thread: number) => Promise<T>, bytes: number): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#floating.length === 0) this.#floatingSince = performance.now()
      else if (this.#floatingBytes + bytes > this.#waitingBytes) throw new OverloadedError()
      this.#floatingBytes += bytes
      this.#floating.push({ bytes, perform: (slot) => run(slot.thread).then(resolve, (cause) => reject(slot.lost ? new WorkerLostError({ cause }) : cause)) })
      this.#wake()
    })
  }

  /** Gives an idle thread something to do that is no prediction; `queueSince` is how long its longest-waiting model has waited. */
  performTask (slot: Slot, queueSince: number): boolean {
    let task = slot.tasks.shift()
    if (task === undefined && this.#floatingSince <= queueSince) {
      const floating = this.#floating.shift()
      this.#floatingBytes -= floating?.bytes ?? 0
      task = floating
      this.#floatingSince = performance.now()
    }
    if (task === undefined) return false
    slot.occupy(performance.now() + this.#loadLimitMs)
    task.perform(slot).then(() => {
      slot.vacate()
      this.#wake()
    })
    return true
  }

  /** A model that keeps waiting beside an idle thread is opened there too, once its runs are long enough to pay for it. */
  growIfPaid (queue: ModelQueue): void {
    if (queue.options.instances !== undefined || queue.runMs < growRunMs || queue.closed) return
    const slot = this.#freest(queue)
    if (slot === undefined || slot.busy) {
      queue.pressure = 0
    } else if (++queue.pressure === growPressure) {
      const model = this.#models.get(queue)
      if (model !== undefined) this.#openOn(slot, queue, model).then(() => { queue.pressure = 0 }, () => {})
    }
  }

  endOverruns (now: number): void {
    for (const slot of this.#slots.values()) {
      if (!slot.hasOverrun(now)) continue
      slot.overran = true
      this.#pool.abandon(slot.thread)
    }
  }

  #add (thread: number): void {
    this.#slots.set(thread, new Slot(thread))
    this.#slotPresent.resolve(undefined)
    for (const queue of this.#models.keys()) {
      if (queue.failure !== undefined) continue
      this.#fill(queue).catch((error: Error) => { if (this.#holders(queue).length === 0) queue.fail(error) })
    }
    this.#wake()
  }

  #remove (thread: number): void {
    const slot = this.#slots.get(thread)
    if (slot === undefined) return
    slot.lost = true
    this.#slots.delete(thread)
    if (this.#slots.size === 0) this.#slotPresent = Promise.withResolvers()
    this.replaced++
    // The pool rejects whatever is asked of a thread that is gone.
    for (const task of slot.tasks.splice(0)) task.perform(slot)
  }

  /** Opens the model where it is still missing, up to the number of threads it wants. */
  async #fill (queue: ModelQueue): Promise<void> {
    while (this.#lacks(queue)) {
      await this.#inTurn(async () => {
        const model = this.#models.get(queue)
        // Another thread's arrival may have filled it meanwhile.
        if (model !== undefined && this.#lacks(queue)) await this.#openSomewhere(queue, model)
      })
    }
  }

  #lacks (queue: ModelQueue): boolean {
    return this.#models.has(queue) && this.#holders(queue).length < Math.min(queue.options.instances ?? 1, this.#slots.size)
  }

  /** One thread loads at a time, so that the others go on serving. */
  #inTurn<T> (open: () => Promise<T>): Promise<T> {
    const opened = this.#opening.then(open)
    this.#opening = opened.catch(() => {})
    return opened
  }

  async #openSomewhere (queue: ModelQueue, model: ModelRef): Promise<Description> {
    for (;;) {
      await this.#slotPresent.promise
      const slot = this.#freest(queue)
      if (slot === undefined) throw new Error('no thread is left to open the model on')
      const attempt = { begun: false }
      try {
        return await this.#openOn(slot, queue, model, attempt)
      } catch (error) {
        if (slot.overran && attempt.begun) throw new Error(`it was not open after ${this.#loadLimitMs} ms`, { cause: error })
        // What took the thread away before its turn came was not this model.
        if (!slot.lost || attempt.begun) throw error
      }
    }
  }

  async #openOn (slot: Slot, queue: ModelQueue, model: ModelRef, attempt = { begun: false }): Promise<Description> {
    const description = await this.#perform(slot, () => {
      attempt.begun = !slot.lost
      return this.#pool.run(slot.thread, 'open', model)
    })
    slot.queues.add(queue)
    if (queue.closed && !this.#models.has(queue)) await this.#closeOn(slot, queue)
    this.#wake()
    return description
  }

  async #closeOn (slot: Slot, queue: ModelQueue): Promise<void> {
    slot.queues.delete(queue)
    await this.#perform(slot, () => this.#pool.run(slot.thread, 'close', queue.key)).catch((error) => { if (!slot.lost) throw error })
  }

  #perform<T> (slot: Slot, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      slot.tasks.push({ perform: () => run().then(resolve, reject) })
      this.#wake()
    })
  }

  #holders (queue: ModelQueue): Slot[] {
    return [...this.#slots.values()].filter((slot) => slot.queues.has(queue))
  }

  /** The thread that does not hold the model and has least to do. */
  #freest (queue: ModelQueue): Slot | undefined {
    let freest: Slot | undefined
    for (const slot of this.#slots.values()) {
      if (slot.queues.has(queue)) continue
      if (freest === undefined || load(slot) < load(freest)) freest = slot
    }
    return freest
  }
}

function load (slot: Slot): number {
  return (slot.busy ? 1e6 : 0) + slot.queues.size + slot.tasks.length
}
