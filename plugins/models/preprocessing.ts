import { randomUUID } from 'node:crypto'
import { copyRow } from '../../codecs/batches.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { ModelRef } from '../../workers/contract.js'
import type { Inference, Lane } from '../inference/index.js'
import type { Deadline } from '../inference/deadline.js'
import type { QueueOptions } from '../inference/queue.js'
import type { Outcome } from '../inference/request.js'
import { readRow, type OutputValue } from './predictions/output-values.js'
import { runRows } from './row-runs.js'

export interface Preprocessed {
  /** One entry per row: what the model node behind the graph's own preprocessing reads. */
  rows: OutputValue[]
  shape: number[]
  /** Time inside ONNX Runtime of the whole graph, milliseconds. */
  runMs: number
}

export interface PreprocessingOptions {
  inference: Inference
  /** The served file; opened once more, with the tensor as an output. */
  model: Omit<ModelRef, 'key' | 'taps'>
  name: string
  /** The tensor that reaches the model node. */
  tensor: string
  /** Whether the graph takes several rows at once. */
  batchable: boolean
  queue: QueueOptions
}

/** Shows what the scalers, imputers and encoders inside a graph make of its inputs. Takes memory only once it is used. */
export class Preprocessing {
  readonly #options: PreprocessingOptions
  #lane: Promise<Lane> | undefined
  #closed = false

  constructor (options: PreprocessingOptions) {
    this.#options = options
  }

  /** Rejects as Scheduler.submit does, or with what opening the file says. */
  async run (inputs: Tensor[], rows: number, deadline: Deadline): Promise<Preprocessed> {
    const lane = await this.#open()
    if (this.#options.batchable || rows === 1) return this.#read(await lane.submit(inputs, rows, deadline), rows)
    const parts = await runRows(rows, this.#options.queue.queueRows, async (row) => this.#read(await lane.submit(copyRow(inputs, row, rows), 1, deadline), 1))
    return {
      rows: parts.flatMap((part) => part.rows),
      shape: [rows, ...parts[0]?.shape.slice(1) ?? []],
      runMs: parts.reduce((sum, { runMs }) => sum + runMs, 0)
    }
  }

  async close (): Promise<void> {
    this.#closed = true
    const lane = await this.#lane?.catch(() => undefined)
    await lane?.close()
  }

  #read ({ outputs, runMs }: Outcome, rows: number): Preprocessed {
    const { name, tensor } = this.#options
    const found = outputs.find((output) => output.name === tensor)
    if (found === undefined) throw new Error(`model ${name} gave no tensor '${tensor}'`)
    return { rows: Array.from({ length: rows }, (_, row) => readRow(found, row, [])), shape: found.dims, runMs }
  }

  async #open (): Promise<Lane> {
    const { inference, model, name, tensor, queue } = this.#options
    if (this.#closed) throw new Error(`model ${name} is closed`)
    const lane = this.#lane ??= inference.open({ ...model, key: randomUUID(), taps: [tensor] }, name, { ...queue, dedicated: false }).then((lane) => {
      lane.queue.serve(false)
      return lane
    })
    // A file that could not be opened may be readable the next time.
    lane.catch(() => { this.#lane = undefined })
    return await lane
  }
}
