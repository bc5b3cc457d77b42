import { ClientGoneError, DrainingError, ModelNotReadyError } from '../../errors.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { Description, ModelRef, Worker } from '../../workers/contract.js'
import { BatchRunner, strip, type RunOptions } from './batch-runner.js'
import type { Deadline } from './deadline.js'
import { Pacer } from './pacer.js'
import { Placement } from './placement.js'
import type { Pool } from './pool.js'
import { ModelQueue, type QueueOptions } from './queue.js'
import { Pending, type Outcome } from './request.js'
import type { Slot } from './slot.js'
import { Slots } from './slots.js'
import { Sweep } from './sweep.js'
import { Tasks, type TaskOptions } from './tasks.js'

export interface SchedulerOptions extends RunOptions, TaskOptions {
  /** A merged run should not take longer than this, nor than half of it while other models on the thread have work. */
  targetRunMs: number
}

// Below this a run is too short for splitting its rows among threads to pay.
const splitRowMs = 0.5
const closingMs = 10
// A model that was served within this time will have work again.
const recentMs = 100

/** Decides who runs next: one queue per model version, micro-batches of what waits together, one run per thread at a time. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #pool: Pool
  readonly #queues = new Set<ModelQueue>()
  readonly #slots: Slots
  readonly #tasks: Tasks
  readonly #placement: Placement
  readonly #runner: BatchRunner
  readonly #pacer: Pacer
  readonly #sweep: Sweep
  #draining: Error | undefined

  constructor (pool: Pool, options: SchedulerOptions) {
    const wake = (): void => this.#wake()
    this.#options = options
    this.#pool = pool
    this.#slots = new Slots(pool)
    this.#tasks = new Tasks(options, wake)
    this.#placement = new Placement({ pool, slots: this.#slots, tasks: this.#tasks, loadLimitMs: options.loadLimitMs, runLimitMs: options.runLimitMs }, wake)
    this.#runner = new BatchRunner(pool, options, () => { if (!this.#pacer.isScheduled) this.#pacer.dispatch() })
    this.#pacer = new Pacer(() => this.#dispatch())
    this.#sweep = new Sweep(this.#queues, this.#slots, this.#tasks, (queue) => this.#placement.growIfPaid(queue))
  }

  get threads (): number {
    return this.#slots.size
  }

  get replacedThreads (): number {
    return this.#slots.replaced
  }

  /** Id of the thread that has lived longest; undefined while there is none. */
  get oldestThread (): number | undefined {
    return this.#slots.oldest?.thread
  }

  /** Replaces that thread without a request noticing. Rejects when its successor cannot take over what it holds; then it stays. */
  async renewOldest (): Promise<void> {
    const { oldest } = this.#slots
    if (oldest !== undefined) await this.#placement.renew(oldest)
  }

  /** Opens a model on as many threads as asked; rejects with what the thread says of the file, or with DrainingError. */
  async open (model: ModelRef, name: string, options: QueueOptions): Promise<{ description: Description, queue: ModelQueue }> {
    const queue = new ModelQueue(model.key, name, options, this.#options.memory)
    const description = await this.#placement.open(queue, model)
    queue.outputs = description.outputs
    this.#queues.add(queue)
    return { description, queue }
  }

  /** Runs inputs that are kept for it on every thread that holds the model or will, before its requests. Counts nowhere, never rejects; see Placement.warmUp. */
  async warmUp (queue: ModelQueue, inputs: Tensor[]): Promise<void> {
    await this.#placement.warmUp(queue, strip(queue.key, inputs))
  }

  /** Lets what waits and runs finish, then releases the sessions. */
  async close (queue: ModelQueue): Promise<void> {
    queue.closed = true
    while (!queue.isIdle) await new Promise((resolve) => setTimeout(resolve, closingMs))
    this.#queues.delete(queue)
    await this.#placement.close(queue)
  }

  /**
   * Queues one request and resolves with its own rows. Rejects with QueueFullError, OverloadedError, DeadlineExceededError, ClientGoneError,
   * WorkerLostError, RunLimitError or InferenceError.
   */
  submit (queue: ModelQueue, inputs: Tensor[], rows: number, deadline: Deadline): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#draining !== undefined) throw this.#draining
      // Nobody would ever look at what is put into a queue that was closed.
      if (!this.#queues.has(queue)) throw new ModelNotReadyError(queue.name, 'this version was taken out of service')
      if (queue.failure !== undefined) throw new ModelNotReadyError(queue.name, queue.failure.message)
      const pending = new Pending(inputs, rows, deadline, resolve, reject)
      if (deadline.cancelled) throw new ClientGoneError()
      queue.push(pending)
      this.#pacer.arrive(queue)
      this.#sweep.start()
      // Requests that were read in one turn of the event loop need not wait for its end: a run is under way while the other half is read.
      if (queue.running > 0 || queue.expectsMore) this.#pacer.dispatchSoon()
      else this.#pacer.dispatch()
    })
  }

  /** Runs a task of no model on the first thread that is free, in fair turn with the queues; see Tasks.runAnywhere for what it rejects with. */
  runAnywhere<N extends keyof Worker> (name: N, task: Parameters<Worker[N]>[0], transfer?: ArrayBuffer[], deadline?: Deadline): Promise<Awaited<ReturnType<Worker[N]>>> {
    const bytes = transfer?.reduce((sum, { byteLength }) => sum + byteLength, 0) ?? 0
    return this.#tasks.runAnywhere((thread) => this.#pool.run(thread, name, task, transfer) as Promise<Awaited<ReturnType<Worker[N]>>>, bytes, deadline)
  }

  /** Refuses new work and rejects what is left with DrainingError: requests, tasks, and models that are being opened. */
  async stop (): Promise<void> {
    const draining = this.#draining = new DrainingError()
    for (const queue of this.#queues) queue.forEachOpen((pending) => queue.settle(pending, draining))
    this.#tasks.stop(draining)
    this.#slots.stop(draining)
    this.#sweep.stop()
    this.#pacer.stop()
    await this.#pool.close()
  }

  #wake (): void {
    this.#sweep.start()
    this.#pacer.dispatchSoon()
  }

  #dispatch (): void {
    for (const slot of this.#slots.idle()) {
      const queue = this.#next(slot)
      if (this.#tasks.performNext(slot, queue?.waitingSince ?? Infinity) || queue === undefined) continue
      const batch = queue.take(this.#rowLimit(queue, slot), this.#options.transferBytes)
      if (batch.length > 0) this.#runner.run(slot, queue, batch)
      else this.#pacer.dispatchSoon()
    }
    for (const queue of this.#queues) if (queue.rowsWaiting > 0) this.#placement.growIfPaid(queue)
  }

  /** Among the models on this thread, the one that has waited longest for its turn. */
  #next (slot: Slot): ModelQueue | undefined {
    let next: ModelQueue | undefined
    for (const queue of slot.queues) {
      if (queue.rowsWaiting === 0 || this.#awaitsCompany(queue)) continue
      if (next === undefined || queue.waitingSince < next.waitingSince) next = queue
    }
    return next
  }

  #awaitsCompany (queue: ModelQueue): boolean {
    if (queue.options.maxDelayUs === 0 || !queue.mergeable || queue.rowsWaiting >= queue.options.maxRows) return false
    const leftMs = queue.options.maxDelayUs / 1000 - (performance.now() - queue.oldest)
    if (leftMs <= 0) return false
    this.#pacer.dispatchIn(leftMs)
    return true
  }

  #rowLimit (queue: ModelQueue, slot: Slot): number {
    const { maxRows } = queue.options
    if (queue.rowMs === 0) return maxRows
    const { targetRunMs } = this.#options
    // What fits into the shorter time needs no look at the others.
    const isLong = maxRows * queue.rowMs > targetRunMs / 2
    const budgetMs = isLong && hasCompany(queue, slot) ? targetRunMs / 2 : targetRunMs
    const affordable = Math.max(1, Math.floor(budgetMs / queue.rowMs))
    const share = queue.rowMs < splitRowMs ? maxRows : Math.ceil(queue.rowsWaiting / Math.max(1, this.#slots.idleHolders(queue)))
    return Math.min(maxRows, affordable, share)
  }
}

/** Whether another model on this thread has work, or had some just now. */
function hasCompany (queue: ModelQueue, { queues }: Slot): boolean {
  if (queues.size === 1) return false
  const since = performance.now() - recentMs
  for (const other of queues) if (other !== queue && (!other.isIdle || other.waitingSince > since)) return true
  return false
}
