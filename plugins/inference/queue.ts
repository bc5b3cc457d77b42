import { ClientGoneError, ModelNotReadyError, QueueFullError } from '../../errors.js'
import type { Tensor, TensorSpec } from '../../codecs/tensor.js'
import { byteLength, canMerge, slice } from '../../codecs/batches.js'
import type { Journal } from './journal.js'
import { Statistics } from './statistics.js'

/** Until when an answer is wanted, and whether anyone still waits for it. Far cheaper than an AbortSignal per request. */
export interface Deadline {
  /** `performance.now()` at which the answer is too late. */
  readonly at: number
  /** Milliseconds the client was given, for the message. */
  readonly ms: number
  readonly cancelled: boolean
  onCancel: (() => void) | undefined
  /** Where the request keeps what it did; absent when nobody will ask. */
  readonly journal?: Journal
}

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

/** What one request gets back. */
export class Outcome {
  /** Outputs of the whole run, other requests' rows included: for those that read `rows` rows from `start` in place. */
  readonly batch: Tensor[]
  readonly start: number
  readonly rows: number
  readonly queueMs: number
  /** Time inside ONNX Runtime of the run that this request was part of. */
  readonly runMs: number
  /** Rows of that run. */
  readonly batchRows: number

  constructor (batch: Tensor[], start: number, rows: number, batchRows: number, queueMs: number, runMs: number) {
    this.batch = batch
    this.start = start
    this.rows = rows
    this.batchRows = batchRows
    this.queueMs = queueMs
    this.runMs = runMs
  }

  /** This request's rows only, in the order of the model's outputs. */
  get outputs (): Tensor[] {
    return this.rows === this.batchRows ? this.batch : slice(this.batch, this.start, this.rows, this.batchRows) ?? this.batch
  }
}

// Requests of more rows than this still get as many places as if they had no more: 64 by default. BODY_LIMIT bounds the bytes of each.
const rowsPerRequest = 16
// A run later the largest crowd counts this much; after fifty it is history.
const crowdDecay = 0.98

/** One request on its way through the scheduler. */
export class Pending {
  readonly inputs: Tensor[]
  readonly rows: number
  readonly deadline: Deadline
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
  readonly enqueuedAt = performance.now()
  /** Runs alone: the run it shared failed, once. */
  alone = false
  /** Its thread was lost, once. */
  moved = false
  settled = false
  running = false

  constructor (inputs: Tensor[], rows: number, deadline: Deadline, resolve: (outcome: Outcome) => void, reject: (error: Error) => void) {
    this.inputs = inputs
    this.rows = rows
    this.deadline = deadline
    this.resolve = resolve
    this.reject = reject
  }
}

/** The requests of one model version that wait for a run, first come first served. */
export class ModelQueue {
  readonly key: string
  readonly name: string
  readonly options: QueueOptions
  statistics = new Statistics()
  /** Names and types of what a run gives. */
  outputs: TensorSpec[] = []
  /** Requests may share a run; set once the probe has shown that rows do not depend on their company. */
  mergeable = false
  /** Since when it has waited for its turn: since it stopped being empty, or was last served. */
  waitingSince = 0
  rowsWaiting = 0
  /** Smoothed milliseconds of a run, and of one row in it. */
  runMs = 0
  rowMs = 0
  /** Dispatches in a row that found every thread of this model busy while another thread was idle. */
  pressure = 0
  /** Requests that are not answered yet. */
  inFlight = 0
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
  /** What threads are working on right now. */
  readonly #batches: Pending[][] = []
  /** Requests among them. */
  running = 0
  #waiting: Pending[] = []
  #head = 0

  constructor (key: string, name: string, options: QueueOptions) {
    this.key = key
    this.name = name
    this.options = options
  }

  /** From here on clients are served: what the probe and the tests did does not count. */
  serve (mergeable: boolean): void {
    this.mergeable = mergeable
    this.patienceMs = this.options.timeoutMs
    this.statistics = new Statistics()
  }

  get isIdle (): boolean {
    return this.rowsWaiting === 0 && this.running === 0
  }

  /** A single larger request is admitted to an empty queue, and some large ones beside one another too. */
  isFullFor (rows: number): boolean {
    const { queueRows } = this.options
    if (this.rowsWaiting === 0 || this.rowsWaiting + rows <= queueRows) return false
    return this.inFlight - this.running >= Math.floor(queueRows / rowsPerRequest)
  }

  /** Throws QueueFullError. */
  push (pending: Pending): void {
    if (this.isFullFor(pending.rows)) {
      const error = new QueueFullError(this.name, this.options.queueRows)
      this.statistics.recordFailure(error, 0)
      throw error
    }
    if (this.rowsWaiting === 0) this.waitingSince = pending.enqueuedAt
    this.#forgetSettled()
    this.#waiting.push(pending)
    this.crowd = Math.max(this.crowd, ++this.inFlight)
    this.rowsWaiting += Math.max(1, pending.rows)
  }

  /** Puts requests whose run failed back in front. */
  unshift (requests: Pending[]): void {
    const open = requests.filter((pending) => !pending.settled)
    if (open.length === 0) return
    if (this.rowsWaiting === 0) this.waitingSince = performance.now()
    this.#waiting = [...open, ...this.#waiting.slice(this.#head)]
    this.#head = 0
    for (const pending of open) this.rowsWaiting += Math.max(1, pending.rows)
  }

  /** The next micro-batch: what waits in front and may share a run, up to `maxRows` rows and `maxBytes` of inputs that are numbers. */
  take (maxRows: number, maxBytes = Infinity): Pending[] {
    const batch: Pending[] = []
    let rows = 0
    let bytes = 0
    for (; this.#head < this.#waiting.length; this.#head++) {
      const pending = this.#waiting[this.#head]
      if (pending === undefined || pending.settled) continue
      if (pending.deadline.cancelled) {
        this.settle(pending, new ClientGoneError())
        continue
      }
      const first = batch[0]
      bytes += byteLength(pending.inputs)
      if (first !== undefined && (first.alone || pending.alone || !this.mergeable || rows + pending.rows > maxRows || bytes > maxBytes || !canMerge(first.inputs, pending.inputs))) break
      batch.push(pending)
      rows += pending.rows
      this.rowsWaiting -= Math.max(1, pending.rows)
    }
    this.#compact()
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
    this.running -= batch.length
    for (const pending of batch) pending.running = false
  }

  /** Enqueue time of the oldest request that waits. */
  get oldest (): number {
    for (let i = this.#head; i < this.#waiting.length; i++) {
      const pending = this.#waiting[i]
      if (pending !== undefined && !pending.settled) return pending.enqueuedAt
    }
    return Infinity
  }

  /** Everything that is waiting or running and not yet answered. */
  * open (): Generator<Pending> {
    for (let i = this.#head; i < this.#waiting.length; i++) {
      const pending = this.#waiting[i]
      if (pending !== undefined && !pending.settled) yield pending
    }
    for (const batch of this.#batches) for (const pending of batch) if (!pending.settled) yield pending
  }

  /** Answers a request, once; a waiting one gives its place free. */
  settle (pending: Pending, result: Outcome | Error, now = performance.now()): void {
    if (pending.settled) return
    pending.settled = true
    pending.deadline.onCancel = undefined
    this.inFlight--
    if (!pending.running) this.rowsWaiting -= Math.max(1, pending.rows)
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
    for (const pending of [...this.open()]) if (!pending.running) this.settle(pending, new ModelNotReadyError(this.name, error.message))
    this.onFailure?.(error)
  }

  recordRun (rows: number, runMs: number): void {
    const weight = this.runMs === 0 ? 1 : 0.2
    this.runMs += weight * (runMs - this.runMs)
    this.rowMs += weight * (runMs / Math.max(1, rows) - this.rowMs)
  }

  /** Requests that were answered while they waited leave with the next run; while no run comes they must not pile up. */
  #forgetSettled (): void {
    if (this.#waiting.length - this.#head <= 2 * this.rowsWaiting + 64) return
    this.#waiting = this.#waiting.slice(this.#head).filter(({ settled }) => !settled)
    this.#head = 0
  }

  #compact (): void {
    if (this.#head === this.#waiting.length) {
      this.#waiting = []
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
  }
}
