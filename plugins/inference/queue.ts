import { ClientGoneError, ModelNotReadyError, OverloadedError, QueueFullError } from '../../errors.js'
import type { TensorSpec } from '../../codecs/tensor.js'
import { canMerge } from '../../codecs/batches.js'
import { Backlog } from './backlog.js'
import type { Outcome, Pending } from './request.js'
import { Statistics } from './statistics.js'
import { WaitingMemory } from './waiting-memory.js'

export interface QueueOptions {
  /** Rows that a run may merge; a single larger request still runs, alone. */
  maxRows: number
  /** How long a run may wait for company, microseconds. */
  maxDelayUs: number
  /** Rows that may wait; a single larger request is admitted to an empty queue. */
  queueRows: number
  /** Milliseconds that a request may wait for its run. */
  timeoutMs: number
  /** Threads that hold the model; absent: one, and more as soon as that pays. */
  instances?: number
}

// Requests of more rows than this still get as many places as if they had no more: 64 by default. BODY_LIMIT bounds the bytes of each.
const rowsPerRequest = 16
// A run later the largest crowd counts this much; after fifty it is history.
const crowdDecay = 0.98

/** The requests of one model version, from their admission to their answers, and what is known of its runs. */
export class ModelQueue {
  readonly key: string
  readonly name: string
  readonly options: QueueOptions
  statistics = new Statistics()
  /** Names and types of what a run gives. */
  outputs: TensorSpec[] = []
  /** Requests may share a run; set once the probe has shown that rows do not depend on their company. */
  mergeable = false
  /** Since when it has waited for its turn: since it stopped being empty, or its last turn ended. */
  waitingSince = 0
  /** Smoothed milliseconds of a run, and of one row in it. */
  runMs = 0
  rowMs = 0
  /** Dispatches in a row that found every thread of this model busy while another thread was idle. */
  pressure = 0
  /** Requests that are not answered yet. */
  #inFlight = 0
  /** The most of them there have been lately. */
  crowd = 0
  closed = false
  /** Milliseconds that a request may wait for its run; while the model is being loaded only its deadline counts. */
  patienceMs = Infinity
  /** Runs that were ended because they took too long. */
  overruns = 0
  /** Why it can no longer be run: its thread was lost and the file does not open again, or its runs do not end. */
  failure: Error | undefined
  onFailure: ((error: Error) => void) | undefined
  readonly #backlog: Backlog
  readonly #memory: WaitingMemory
  /** What threads are working on right now. */
  readonly #batches: Pending[][] = []
  /** Requests among them. */
  running = 0

  constructor (key: string, name: string, options: QueueOptions, memory = new WaitingMemory()) {
    this.key = key
    this.name = name
    this.options = options
    this.#memory = memory
    this.#backlog = new Backlog(memory)
  }

  /** From here on clients are served: what the probe and the tests did does not count. */
  serve (mergeable: boolean): void {
    this.mergeable = mergeable
    this.patienceMs = this.options.timeoutMs
    this.statistics = new Statistics()
  }

  get rowsWaiting (): number {
    return this.#backlog.rows
  }

  get isIdle (): boolean {
    return this.rowsWaiting === 0 && this.running === 0
  }

  /** Half of a model's usual crowd is enough for a run: the main thread serves the other half while it is under way. A lone client is half of its crowd. */
  get expectsMore (): boolean {
    return this.#backlog.requests < this.crowd / 2
  }

  /** Enqueue time of the request that has waited longest. */
  get oldest (): number {
    return this.#backlog.oldest
  }

  /** A single larger request is admitted to an empty queue, and some large ones beside one another too. */
  isFullFor (rows: number): boolean {
    const { queueRows } = this.options
    if (this.rowsWaiting === 0 || this.rowsWaiting + rows <= queueRows) return false
    return this.#backlog.requests >= Math.floor(queueRows / rowsPerRequest)
  }

  /** Throws QueueFullError, and OverloadedError where everything that waits has too many bytes. */
  push (pending: Pending): void {
    const refusal = this.isFullFor(pending.rows) ? new QueueFullError(this.name, this.options.queueRows) : this.#memory.admits(pending.bytes) ? undefined : new OverloadedError()
    if (refusal !== undefined) {
      this.statistics.recordRefusal(refusal)
      throw refusal
    }
    if (this.rowsWaiting === 0) this.waitingSince = pending.enqueuedAt
    this.#backlog.push(pending)
    this.crowd = Math.max(this.crowd, ++this.#inFlight)
  }

  /** Puts requests whose run failed back in front. */
  unshift (requests: Pending[]): void {
    const open = requests.filter((pending) => !pending.settled)
    if (open.length === 0) return
    if (this.rowsWaiting === 0) this.waitingSince = performance.now()
    this.#backlog.unshift(open)
  }

  /** The next micro-batch: what waits in front and may share a run, up to `maxRows` rows and `maxBytes` of inputs. */
  take (maxRows: number, maxBytes = Infinity): Pending[] {
    const batch: Pending[] = []
    let rows = 0
    let bytes = 0
    for (let pending = this.#backlog.front(); pending !== undefined; pending = this.#backlog.front()) {
      if (pending.deadline.cancelled) {
        this.settle(pending, new ClientGoneError())
        continue
      }
      const first = batch[0]
      bytes += pending.bytes
      if (first !== undefined && (first.alone || pending.alone || !this.mergeable || rows + pending.rows > maxRows || bytes > maxBytes || !canMerge(first.inputs, pending.inputs))) break
      batch.push(pending)
      rows += pending.rows
      this.#backlog.shift(pending)
    }
    this.#backlog.compact()
    this.crowd *= crowdDecay
    this.waitingSince = performance.now()
    return batch
  }

  begin (batch: Pending[]): void {
    this.#batches.push(batch)
    this.running += batch.length
    for (const pending of batch) pending.running = true
  }

  /** The run is over, one way or the other. */
  end (batch: Pending[]): void {
    const index = this.#batches.indexOf(batch)
    if (index < 0) return
    this.#batches.splice(index, 1)
    // Its turn lasted until now: whoever came meanwhile goes first.
    this.waitingSince = performance.now()
    this.running -= batch.length
    for (const pending of batch) pending.running = false
  }

  /** Calls with everyone that waits or runs and is not yet answered; they may be answered meanwhile. */
  forEachOpen (visit: (pending: Pending) => void): void {
    this.#backlog.forEach(visit)
    for (const batch of this.#batches) for (const pending of batch) if (!pending.settled) visit(pending)
  }

  /** Answers a request, once; a waiting one gives its place free. */
  settle (pending: Pending, result: Outcome | Error, now = performance.now()): void {
    if (pending.settled) return
    pending.settled = true
    this.#inFlight--
    if (!pending.running) this.#backlog.release(pending)
    const totalMs = now - pending.enqueuedAt
    if (result instanceof Error) {
      this.statistics.recordFailure(result, totalMs)
      pending.reject(result)
    } else {
      this.statistics.recordRequest(totalMs, result.queueMs, result.runMs)
      pending.deadline.journal?.leave(result.queueMs, result.runMs, now)
      pending.resolve(result)
    }
  }

  /** Takes the model out of service: what waits is refused now, what comes later by the scheduler. */
  fail (error: Error): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.#backlog.forEach((pending) => this.settle(pending, new ModelNotReadyError(this.name, error.message)))
    this.onFailure?.(error)
  }

  recordRun (rows: number, runMs: number): void {
    const weight = this.runMs === 0 ? 1 : 0.2
    this.runMs += weight * (runMs - this.runMs)
    this.rowMs += weight * (runMs / Math.max(1, rows) - this.rowMs)
  }
}
