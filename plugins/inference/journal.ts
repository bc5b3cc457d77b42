import type { RowPrediction } from '../models/predictions/predictions.js'
import type { Statistics } from './statistics.js'

/** What one request did on its way to an answer: for the log, the statistics, Server-Timing and traces. Times in milliseconds. */
export class Journal {
  model: string | undefined
  version: string | undefined
  rows = 0
  /** Checking the body, and writing its records into tensors; tensors are checked and copied in one go. */
  validateMs = 0
  preprocessMs = 0
  queueMs = 0
  inferenceMs = 0
  /** `performance.now()` of the last answer of the model; 0 before. */
  answeredAt = 0
  /** What the client got; of one that gets tensors the first rows, and only if the log shows them. */
  predictions: RowPrediction[] | undefined
  #statistics: Statistics | undefined

  read (validateMs: number, preprocessMs: number): void {
    this.validateMs = validateMs
    this.preprocessMs = preprocessMs
  }

  /** `statistics` are those of the model. */
  enter (model: string, version: string, rows: number, statistics: Statistics): void {
    this.model = model
    this.version = version
    this.rows += rows
    this.#statistics = statistics
  }

  /** Runs of one request wait beside each other but compute one after the other. */
  leave (queueMs: number, inferenceMs: number, now: number): void {
    this.queueMs = Math.max(this.queueMs, queueMs)
    this.inferenceMs += inferenceMs
    this.answeredAt = now
  }

  /** What has become of the model's answer since; 0 where there was none. */
  formatMs (now: number): number {
    return this.answeredAt === 0 ? 0 : now - this.answeredAt
  }

  /** The client has its answer, and the log its line: to be called once, whatever the protocol. */
  end (now: number): void {
    // The last small requests stay in memory (plugins/compiled-code.ts); what they were answered may be large.
    this.predictions = undefined
    this.#statistics?.recordStages(this.validateMs, this.preprocessMs, this.formatMs(now))
  }
}
