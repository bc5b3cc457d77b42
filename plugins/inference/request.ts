import type { Tensor } from '../../codecs/tensor.js'
import { byteLength, slice } from '../../codecs/batches.js'
import type { Deadline } from './deadline.js'

/** One request on its way through the scheduler. */
export class Pending {
  readonly inputs: Tensor[]
  readonly rows: number
  readonly deadline: Deadline
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: Error) => void
  readonly enqueuedAt = performance.now()
  /** Memory of the inputs. */
  readonly bytes: number
  /** Runs alone: the run it shared failed, once. */
  alone = false
  /** Its thread was lost, once. */
  moved = false
  settled = false
  running = false

  constructor (inputs: Tensor[], rows: number, deadline: Deadline, resolve: (outcome: Outcome) => void, reject: (error: Error) => void) {
    this.inputs = inputs
    this.bytes = byteLength(inputs)
    this.rows = rows
    this.deadline = deadline
    this.resolve = resolve
    this.reject = reject
  }
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
