import { Gauge } from 'prom-client'
import type { Histogram } from '../inference/histogram.js'

export type Labels = Record<string, string | number>

export interface Sample {
  labels: Labels
  value: number
  /** Where it differs from the metric's: the parts of a histogram. */
  metricName?: string
}

export interface CollectedMetricOptions {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  read: () => Iterable<Sample>
}

/** A metric whose values are counted elsewhere and read only when somebody asks for them. */
export class CollectedMetric extends Gauge {
  readonly #type: CollectedMetricOptions['type']
  readonly #read: CollectedMetricOptions['read']

  constructor ({ name, help, type, read }: CollectedMetricOptions) {
    super({ name, help, registers: [] })
    this.#type = type
    this.#read = read
  }

  override async get (): ReturnType<Gauge['get']> {
    // The library's types number the kinds of metrics, its code names them.
    return { ...await super.get(), type: this.#type as never, values: [...this.#read()] }
  }
}

/** The series of one histogram: cumulative buckets, sum and count. */
export function * sampleHistogram (name: string, labels: Labels, { bounds, counts, count, sum }: Histogram): Generator<Sample> {
  let below = 0
  for (const [index, bound] of bounds.entries()) {
    below += counts[index] ?? 0
    yield { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below }
  }
  yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count }
  yield { metricName: `${name}_sum`, labels, value: sum }
  yield { metricName: `${name}_count`, labels, value: count }
}
