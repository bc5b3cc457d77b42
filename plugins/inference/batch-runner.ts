import { DeadlineExceededError, InferenceError, RunLimitError, WorkerLostError } from '../../errors.js'
import { detach, hasRows, merge } from '../../codecs/batches.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { InferResult, InferTask } from '../../workers/contract.js'
import type { Pool } from './pool.js'
import type { ModelQueue } from './queue.js'
import { Outcome, type Pending } from './request.js'
import type { Slot } from './slot.js'

export interface RunOptions {
  /** Milliseconds after which a run is ended together with its thread. */
  runLimitMs: number
  /** Bytes of input above which memory is handed to the thread instead of copied; such a run cannot be repeated. Merging copies, so it ends here too. */
  transferBytes: number
}

// ONNX Runtime cannot be interrupted: every ended run leaves a thread behind that computes on until the run is over.
const toleratedOverruns = 3

/** Runs micro-batches: merges their inputs, shares the outputs out, and after a failure repeats what may still succeed. */
export class BatchRunner {
  readonly #pool: Pool
  readonly #options: RunOptions
  readonly #onEnd: () => void

  /** `onEnd` is called when a thread is free again. */
  constructor (pool: Pool, options: RunOptions, onEnd: () => void) {
    this.#pool = pool
    this.#options = options
    this.#onEnd = onEnd
  }

  /** Answers everyone in the batch, or puts them back into the queue. Never rejects. */
  async run (slot: Slot, queue: ModelQueue, batch: Pending[]): Promise<void> {
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
    this.#onEnd()
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
}

/** Inputs as they travel to a thread. */
export function strip (key: string, inputs: Tensor[]): InferTask {
  return { key, dims: inputs.map(({ dims }) => dims), data: inputs.map(({ data }) => data) }
}
