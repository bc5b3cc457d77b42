import type { Description, InferTask, ModelRef } from '../../workers/contract.js'
import type { Pool } from './pool.js'
import type { ModelQueue } from './queue.js'
import type { Slot } from './slot.js'
import type { Slots } from './slots.js'
import type { Tasks } from './tasks.js'

export interface PlacementOptions {
  pool: Pool
  slots: Slots
  tasks: Tasks
  /** Milliseconds that opening a model may take, for the message. */
  loadLimitMs: number
  /** Milliseconds that a run may take before its thread is ended. */
  runLimitMs: number
}

// A run shorter than this loses more by a second thread's wake-ups than it gains.
const growRunMs = 1
// Whoever has waited so long beside an idle thread is held up by a run that does not end.
const heldUpMs = 50
// Chance meetings do not count: so many dispatches in a row must have found the model waiting beside an idle thread.
const growPressure = 3

/** Which thread holds which model: opens, closes, adds a thread where it pays, and opens again what a lost thread held. */
export class Placement {
  readonly #pool: Pool
  readonly #slots: Slots
  readonly #tasks: Tasks
  readonly #loadLimitMs: number
  readonly #runLimitMs: number
  readonly #wake: () => void
  readonly #models = new Map<ModelQueue, ModelRef>()
  /** What a model runs once on each thread that opens it. */
  readonly #warmUps = new Map<ModelQueue, InferTask>()
  #opening: Promise<unknown> = Promise.resolve()

  /** `wake` is called whenever there may be something new to dispatch. */
  constructor ({ pool, slots, tasks, loadLimitMs, runLimitMs }: PlacementOptions, wake: () => void) {
    this.#pool = pool
    this.#slots = slots
    this.#tasks = tasks
    this.#loadLimitMs = loadLimitMs
    this.#runLimitMs = runLimitMs
    this.#wake = wake
    pool.on('ready', () => this.#refill())
  }

  /** Opens a model on as many threads as its options ask for. Rejects with DrainingError when it is not done before the end. */
  async open (queue: ModelQueue, model: ModelRef): Promise<Description> {
    try {
      const description = await this.#inTurn(() => this.#openSomewhere(queue, model))
      this.#models.set(queue, { ...model, sha256: description.sha256 })
      await this.#fill(queue)
      if (this.#slots.draining !== undefined) throw this.#slots.draining
      return description
    } catch (error) {
      queue.closed = true
      await this.close(queue)
      // What failed on a thread that was ending says nothing of the model.
      throw this.#slots.draining ?? error
    }
  }

  /**
   * Runs the task on every thread that holds the model, and from now on on each that opens it, before its first request there. Outside of all statistics;
   * never rejects: a task that fails or does not end within the limit of a run is not tried again.
   */
  async warmUp (queue: ModelQueue, task: InferTask): Promise<void> {
    this.#warmUps.set(queue, task)
    const holders = this.#slots.holders(queue)
    // The only one has run the probe.
    if (holders.length > 1) for (const slot of holders) await this.#warmUpOn(slot, queue)
  }

  async close (queue: ModelQueue): Promise<void> {
    this.#models.delete(queue)
    this.#warmUps.delete(queue)
    await Promise.all(this.#slots.holders(queue).map((slot) => this.#closeOn(slot, queue)))
  }

  /** A model that keeps waiting beside an idle thread is opened there too, where its runs are long enough to pay for it or something holds them up. */
  growIfPaid (queue: ModelQueue): void {
    if (queue.options.instances !== undefined || queue.closed) return
    if (queue.runMs < growRunMs && performance.now() - queue.oldest < heldUpMs) return
    const slot = this.#slots.freest(queue)
    if (slot === undefined || slot.busy) {
      queue.pressure = 0
    } else if (++queue.pressure === growPressure) {
      const model = this.#models.get(queue)
      if (model !== undefined) this.#openOn(slot, queue, model).then(() => { queue.pressure = 0 }, () => {})
    }
  }

  /**
   * Puts a new thread in the place of one: first it opens what that one holds, and only then, after its last run, does the old one end. Requests notice
   * nothing. Rejects when the new thread does not come up or cannot open something; then the old one stays.
   */
  async renew (slot: Slot): Promise<void> {
    const successor = await this.#slots.add()
    slot.isReserved = successor.isReserved = true
    const failure = await this.#handOver(slot, successor).then(() => undefined, (error: Error) => error)
    successor.isReserved = false
    slot.isReserved = failure === undefined && !successor.lost
    // Where one of them was lost meanwhile, the pool makes do with the other.
    await this.#retire(slot.isReserved ? slot : successor)
    this.#refill()
    if (failure !== undefined) throw failure
  }

  /** A new thread takes what others lack. */
  #refill (): void {
    for (const queue of this.#models.keys()) {
      if (queue.failure !== undefined) continue
      this.#fill(queue).catch((error: Error) => { if (this.#slots.draining === undefined && this.#slots.holders(queue).length === 0) queue.fail(error) })
    }
    this.#wake()
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
    return this.#models.has(queue) && this.#slots.holders(queue).length < Math.min(queue.options.instances ?? 1, this.#slots.size)
  }

  /** One thread loads at a time, so that the others go on serving. */
  #inTurn<T> (open: () => Promise<T>): Promise<T> {
    const opened = this.#opening.then(open)
    this.#opening = opened.catch(() => {})
    return opened
  }

  async #handOver ({ queues }: Slot, successor: Slot): Promise<void> {
    for (const queue of queues) {
      await this.#inTurn(async () => {
        const model = this.#models.get(queue)
        if (model !== undefined && queue.failure === undefined && !successor.queues.has(queue)) await this.#openOn(successor, queue, model)
      })
    }
  }

  async #retire (slot: Slot): Promise<void> {
    if (!slot.lost) await this.#tasks.runOn(slot, () => this.#pool.retire(slot.thread))
  }

  async #openSomewhere (queue: ModelQueue, model: ModelRef): Promise<Description> {
    for (;;) {
      await this.#slots.present()
      const slot = this.#slots.freest(queue)
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
    const description = await this.#tasks.runOn(slot, () => {
      attempt.begun = !slot.lost
      return this.#pool.run(slot.thread, 'open', model)
    })
    await this.#warmUpOn(slot, queue)
    // Its successor opens what it held.
    if (slot.lost) return description
    slot.queues.add(queue)
    if (queue.closed && !this.#models.has(queue)) await this.#closeOn(slot, queue)
    this.#wake()
    return description
  }

  async #warmUpOn (slot: Slot, queue: ModelQueue): Promise<void> {
    const task = this.#warmUps.get(queue)
    if (task === undefined || slot.lost) return
    const run = this.#tasks.runOn(slot, () => {
      slot.occupy(performance.now() + this.#runLimitMs)
      return this.#pool.infer(slot.thread, task)
    })
    // What takes one thread with it would take the next one too.
    await run.catch(() => this.#warmUps.delete(queue))
  }

  async #closeOn (slot: Slot, queue: ModelQueue): Promise<void> {
    slot.queues.delete(queue)
    const closed = this.#tasks.runOn(slot, () => this.#pool.run(slot.thread, 'close', queue.key))
    // A thread that ends takes with it what it held.
    await closed.catch((error) => { if (!slot.lost && this.#slots.draining === undefined) throw error })
  }
}
