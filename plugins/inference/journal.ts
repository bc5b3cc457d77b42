/** What one request did on its way to an answer: for the log, Server-Timing and traces. Times in milliseconds. */
export class Journal {
  model: string | undefined
  version: string | undefined
  rows = 0
  /** Checking the records, and writing them into tensors; 0 where a protocol sends tensors. */
  validateMs = 0
  preprocessMs = 0
  queueMs = 0
  inferenceMs = 0
  /** `performance.now()` of the last answer of the model; 0 before. */
  answeredAt = 0

  read (validateMs: number, preprocessMs: number): void {
    this.validateMs = validateMs
    this.preprocessMs = preprocessMs
  }

  enter (model: string, version: string, rows: number): void {
    this.model = model
    this.version = version
    this.rows += rows
  }

  /** Runs of one request wait beside each other but compute one after the other. */
  leave (queueMs: number, inferenceMs: number, now: number): void {
    this.queueMs = Math.max(this.queueMs, queueMs)
    this.inferenceMs += inferenceMs
    this.answeredAt = now
  }
}
