import { Histogram } from './histogram.js'

/** A count with the time it took in all, nanoseconds. */
export interface Duration {
  count: number
  ns: number
}

export interface BatchStatistics {
  compute_input: Duration
  compute_infer: Duration
  compute_output: Duration
}

// Clients choose the size of a request: without a bound every new size would be remembered for ever.
const largestBatchCounted = 1024
// Seconds. A small model answers in tens of microseconds, a deadline is at most minutes.
const latencyBounds = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const rowBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

/** What one model version has done since it was loaded; fed by the scheduler, which every prediction passes, and by its journal once it is answered. */
export class Statistics {
  /** Rows answered. */
  inferenceCount = 0
  /** Runs of the model. */
  executionCount = 0
  /** Milliseconds since the epoch; 0 before the first. */
  lastInference = 0
  readonly success: Duration = { count: 0, ns: 0 }
  readonly fail: Duration = { count: 0, ns: 0 }
  readonly queue: Duration = { count: 0, ns: 0 }
  readonly computeInput: Duration = { count: 0, ns: 0 }
  readonly computeInfer: Duration = { count: 0, ns: 0 }
  readonly computeOutput: Duration = { count: 0, ns: 0 }
  /** By rows in the run. */
  readonly batches = new Map<number, BatchStatistics>()
  /** Seconds of each request that was answered: the stages of `Journal`, and `total` from its arrival in the queue to the answer of the model. */
  readonly latency = {
    validate: new Histogram(latencyBounds),
    preprocess: new Histogram(latencyBounds),
    queue: new Histogram(latencyBounds),
    inference: new Histogram(latencyBounds),
    format: new Histogram(latencyBounds),
    total: new Histogram(latencyBounds)
  }

  /** Rows of each run. */
  readonly runRows = new Histogram(rowBounds)
  /** Requests that were not answered, by error code; those that found the queue full included. */
  readonly failures = new Map<string, number>()

  recordRun (rows: number, requests: number, inputMs: number, runMs: number, outputMs: number): void {
    this.executionCount++
    this.inferenceCount += rows
    this.lastInference = Date.now()
    this.runRows.observe(rows)
    add(this.computeInput, requests, inputMs * requests)
    add(this.computeInfer, requests, runMs * requests)
    add(this.computeOutput, requests, outputMs * requests)
    if (rows > largestBatchCounted) return
    let batch = this.batches.get(rows)
    if (batch === undefined) {
      batch = { compute_input: zero(), compute_infer: zero(), compute_output: zero() }
      this.batches.set(rows, batch)
    }
    add(batch.compute_input, 1, inputMs)
    add(batch.compute_infer, 1, runMs)
    add(batch.compute_output, 1, outputMs)
  }

  recordRequest (totalMs: number, queueMs: number, runMs: number): void {
    add(this.success, 1, totalMs)
    add(this.queue, 1, queueMs)
    this.latency.queue.observe(queueMs / 1000)
    this.latency.inference.observe(runMs / 1000)
    this.latency.total.observe(totalMs / 1000)
  }

  /** Of a request that has its answer: what happened before it was queued and after it was run, which may have been row by row. */
  recordStages (validateMs: number, preprocessMs: number, formatMs: number): void {
    this.latency.validate.observe(validateMs / 1000)
    this.latency.preprocess.observe(preprocessMs / 1000)
    this.latency.format.observe(formatMs / 1000)
  }

  /** Of a request that was admitted. */
  recordFailure (error: Error & { code?: string }, totalMs: number): void {
    add(this.fail, 1, totalMs)
    this.recordRefusal(error)
  }

  /** Of one that was not: it counts neither as success nor as failure. */
  recordRefusal (error: Error & { code?: string }): void {
    const code = error.code ?? 'INTERNAL_ERROR'
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1)
  }
}

function zero (): Duration {
  return { count: 0, ns: 0 }
}

function add (duration: Duration, count: number, ms: number): void {
  duration.count += count
  duration.ns += Math.round(ms * 1e6)
}
