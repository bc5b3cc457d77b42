import type { Journal } from '../inference/journal.js'

/** Routes whose requests are predictions, whatever the protocol. */
const predicts = /[/:](predict|predict\/batch|infer|explain)$/

/** Requests of one route by status. */
export class RouteCounts {
  readonly method: string
  readonly route: string
  readonly isPrediction: boolean
  readonly statuses = new Map<number, number>()

  constructor (method: string, route: string) {
    this.method = method
    this.route = route
    this.isPrediction = method === 'POST' && predicts.test(route)
  }

  count (status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
  }
}

/** Predictions of all protocols. A request that was refused for its body is one that failed. */
export class PredictionCounts {
  count = 0
  failed = 0
  /** Milliseconds of all of them. */
  ms = 0

  /** To be called once for each, when it has been answered. `journal` is absent where it never got as far as a model. */
  record (succeeded: boolean, ms: number, journal: Journal | null): void {
    this.count++
    this.ms += ms
    if (succeeded) journal?.end(performance.now())
    else this.failed++
  }
}
