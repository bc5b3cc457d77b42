import { ClientGoneError, DeadlineExceededError, DrainingError, InferenceError, ModelNotReadyError, RunLimitError, WorkerLostError } from '../../errors.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { Description, InferResult, InferTask, ModelRef, Worker } from '../../workers/contract.js'
import { detach, hasRows, merge } from '../../codecs/batches.js'
import { Placement, type PlacementOptions } from './placement.js'
import type { Pool } from './pool.js'
import { ModelQueue, Outcome, Pending, type Deadline, type QueueOptions } from './queue.js'
import type { Slot } from './slot.js'

export interface SchedulerOptions extends PlacementOptions {
  /** Milliseconds after which a run is ended together with its thread. */
  runLimitMs: number
  /** A merged run should not take longer than this, so that others get their turn. */
  targetRunMs: number
  /** Bytes of input above which memory is handed to the thread instead of copied; such a run cannot be repeated. Merging copies, so it ends here too. */
  transferBytes: number
}

// Deadlines are looked at this often: an answer may be late by as much.
const sweepMs = 10
// Turns of the event loop that a dispatch may wait for requests that keep arriving.
const gatherTurns = 4
// Below this a run is too short for splitting its rows among threads to pay.
const splitRowMs = 0.5
// ONNX Runtime cannot be interrupted: every ended run leaves a thread behind that computes on until the run is over.
const toleratedOverruns = 3

/** Decides who runs next: one queue per model version, micro-batches of what waits together, one run per thread at a time. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #placement: Placement
  readonly #pool: Pool
  readonly #queues = new Set<ModelQueue>()
  #scheduled = false
  #submitted = 0
  #latest: ModelQueue | undefined
  #seen = 0
  #turns = 0
  #sweeper: NodeJS.Timeout | undefined
  #companyTimer: NodeJS.Timeout | undefined
  #companyAt = 0
  #draining: Error | undefined

  constructor (pool: Pool, options: SchedulerOptions) {
    this.#pool = pool
    this.#options = options
    this.#placement = new Placement(pool, options, () => this.#schedule())
  }

  get threads (): number {
    return this.#placement.size
  }

  get replacedThreads (): number {
    return this.#placement.replaced
  }

  /** Opens a model on as many threads as asked; rejects with what the thread says of the file. */
  async open (model: ModelRef, name: string, options: QueueOptions): Promise<{ description: Description, queue: ModelQueue }> {
    const queue = new ModelQueue(model.key, name, options)
    const description = await this.#placement.open(queue, model)
    queue.outputs = description.outputs
    this.#queues.add(queue)
    return { description, queue }
  }

  /** Lets what waits and runs finish, then releases the sessions. */
  async close (queue: ModelQueue): Promise<void> {
    queue.closed = true
    while (!queue.isIdle) await new Promise((resolve) => setTimeout(resolve, sweepMs))
    this.#queues.delete(queue)
    await this.#placement.close(queue)
  }

  /**
   * Queues one request and resolves with its own rows. Rejects with QueueFullError, DeadlineExceededError, ClientGoneError,
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
      this.#submitted++
      this.#latest = queue
      deadline.onCancel = () => queue.settle(pending, new ClientGoneError())
      // Requests that were read in one turn of the event loop need not wait for its end: a run is under way while the other half is read.
      if (queue.running > 0 || this.#expectsMore(queue)) return this.#schedule()
      this.#watch()
      this.#dispatch()
    })
  }

  /** Runs a task of no model on the first thread that is free, in fair turn with the queues. */
  runAnywhere<N extends keyof Worker> (name: N, task: Parameters<Worker[N]>[0], transfer?: ArrayBuffer[]): Promise<Awaited<ReturnType<Worker[N]>>> {
    const bytes = transfer?.reduce((sum, { byteLength }) => sum + byteLength, 0) ?? 0
    return this.#placement.runAnywhere((thread) => this.#pool.run(thread, name, task, transfer) as Promise<Awaited<ReturnType<Worker[N]>>>, bytes)
  }

  /** Refuses new work and rejects what is left. */
  async stop (): Promise<void> {
    this.#draining = new DrainingError()
    for (const queue of this.#queues) for (const pending of [...queue.open()]) queue.settle(pending, this.#draining)
    clearTimeout(this.#sweeper)
    clearTimeout(this.#companyTimer)
    await this.#pool.close()
  }

  // Requests that arrive in the same turn of the event loop are seen together; when only one came this costs nothing.
  #schedule (): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#turns = 0
    this.#seen = this.#submitted - 1
    setImmediate(this.#gather)
    this.#watch()
  }

  #watch (): void {
    this.#sweeper ??= setTimeout(this.#sweep, sweepMs).unref()
  }

  /** Several requests in one turn mean that more are on the wire: as long as each turn brings some, the main thread is busy with them anyway. */
  readonly #gather = (): void => {
    const arrived = this.#submitted - this.#seen
    this.#seen = this.#submitted
    if (arrived > (this.#turns === 0 ? 1 : 0) && ++this.#turns <= gatherTurns && this.#latest !== undefined && this.#expectsMore(this.#latest)) setImmediate(this.#gather)
    else this.#dispatch()
  }

  /** Half of a model's usual crowd is enough for a run: the main thread serves the other half while it is under way. A lone client is half of its crowd. */
  #expectsMore ({ inFlight, running, crowd }: ModelQueue): boolean {
    return inFlight - running < crowd / 2
  }

  readonly #dispatch = (): void => {
    this.#scheduled = false
    for (const slot of this.#placement.idle()) {
      const queue = this.#next(slot)
      if (this.#placement.performTask(slot, queue?.waitingSince ?? Infinity) || queue === undefined) continue
      const batch = queue.take(this.#rowLimit(queue), this.#options.transferBytes)
      if (batch.length > 0) this.#run(slot, queue, batch)
      else this.#schedule()
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
    // Timers have a resolution of a millisecond; a shorter delay is waited for turn by turn.
    if (leftMs < 1) this.#schedule()
    else this.#scheduleIn(leftMs)
    return true
  }

  #scheduleIn (ms: number): void {
    const at = performance.now() + ms
    if (this.#companyTimer !== undefined && this.#companyAt <= at) return
    clearTimeout(this.#companyTimer)
    this.#companyAt = at
    this.#companyTimer = setTimeout(() => { this.#companyTimer = undefined; this.#schedule() }, ms)
  }

  #rowLimit (queue: ModelQueue): number {
    const { maxRows } = queue.options
    if (queue.rowMs === 0) return maxRows
    const affordable = Math.max(1, Math.floor(this.#options.targetRunMs / queue.rowMs))
    const share = queue.rowMs < splitRowMs ? maxRows : Math.ceil(queue.rowsWaiting / Math.max(1, this.#placement.idleHolders(queue)))
    return Math.min(maxRows, affordable, share)
  }

  async #run (slot: Slot, queue: ModelQueue, batch: Pending[]): Promise<void> {
    const startedAt = performance.now()
    queue.begin(batch)
    const first = batch[0]
    let transfer: ArrayBuffer[] | undefined
    slot.occupy(startedAt + this.#options.runLimitMs)
    try {
      const inputs = batch.length === 1 && first !== undefined ? first.inputs.map(detach) : merge(batch.map((pending) => pending.inputs))
      transfer = this.#transferable(inputs)
      const mergedAt = performance.now()
      const result = await this.#pool.infer(slot.thread, strip(queue.key, inputs), transfer)
      this.#distribute(queue, batch, result, startedAt, mergedAt)
    } catch (error) {
      this.#recover(slot, queue, batch, error as Error, transfer !== undefined && batch.length === 1)
    }
    queue.end(batch)
    slot.vacate()
    if (!this.#scheduled) this.#dispatch()
  }

  #distribute (queue: ModelQueue, batch: Pending[], { dims, data, runMs }: InferResult, startedAt: number, mergedAt: number): void {
    const outputs = queue.outputs.map(({ name, type }, index): Tensor => ({ name, type, dims: dims[index] ?? [], data: data[index] ?? [] }))
    let rows = 0
    for (const pending of batch) rows += pending.rows
    if (batch.length > 1 && !hasRows(outputs, rows)) {
      // The graph answered fewer or more rows than it was given: such a model is never merged again.
      queue.mergeable = false
      this.#repeat(queue, batch)
      return
    }
    queue.recordRun(rows, runMs)
    const now = performance.now()
    let start = 0
    for (const pending of batch) {
      const { deadline, rows: own } = pending
      const isLate = deadline.at <= now
      queue.settle(pending, isLate ? new DeadlineExceededError(deadline.ms) : new Outcome(outputs, start, own, rows, startedAt - pending.enqueuedAt, runMs), now)
      start += pending.rows
    }
    queue.statistics.recordRun(rows, batch.length, mergedAt - startedAt, runMs, performance.now() - now)
  }

  #recover (slot: Slot, queue: ModelQueue, batch: Pending[], cause: Error, inputsGone: boolean): void {
    if (slot.overran) {
      if (++queue.overruns === toleratedOverruns) queue.fail(new Error(`${toleratedOverruns} of its runs were ended after ${this.#options.runLimitMs} ms`))
      for (const pending of batch) queue.settle(pending, new RunLimitError(this.#options.runLimitMs))
    } else if (slot.lost) {
      for (const pending of batch) if (pending.moved || inputsGone) queue.settle(pending, new WorkerLostError({ cause }))
      for (const pending of batch) pending.moved = true
      this.#repeat(queue, batch, false)
    } else if (batch.length > 1) {
      this.#repeat(queue, batch)
    } else {
      for (const pending of batch) queue.settle(pending, new InferenceError(queue.name, { cause }))
    }
  }

  #repeat (queue: ModelQueue, batch: Pending[], alone = true): void {
    queue.end(batch)
    if (alone) for (const pending of batch) pending.alone = true
    queue.unshift(batch)
  }

  #transferable (inputs: Tensor[]): ArrayBuffer[] | undefined {
    const large: ArrayBuffer[] = []
    for (const { data } of inputs) {
      if (Array.isArray(data) || data.byteLength < this.#options.transferBytes || data.byteLength !== data.buffer.byteLength) continue
      if (data.buffer instanceof ArrayBuffer && !large.includes(data.buffer)) large.push(data.buffer)
    }
    return large.length > 0 ? large : undefined
  }

  readonly #sweep = (): void => {
    this.#sweeper = undefined
    const now = performance.now()
    let open = this.#placement.isBusy
    for (const queue of this.#queues) {
      for (const pending of queue.open()) {
        open = true
        const patienceMs = pending.running ? Infinity : queue.patienceMs
        if (pending.deadline.cancelled) queue.settle(pending, new ClientGoneError())
        else if (pending.deadline.at <= now) queue.settle(pending, new DeadlineExceededError(pending.deadline.ms))
        else if (pending.enqueuedAt + patienceMs <= now) queue.settle(pending, new DeadlineExceededError(patienceMs))
      }
      if (queue.running > 0) open = true
    }
    this.#placement.endOverruns(now)
    if (open) this.#watch()
  }
}

function strip (key: string, inputs: Tensor[]): InferTask {
  return { key, dims: inputs.map(({ dims }) => dims), data: inputs.map(({ data }) => data) }
}
