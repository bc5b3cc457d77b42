import type { OipModelStatistics } from '../../schemas/oip-repository.js'
import type { Model } from '../models/model.js'

const never = { count: 0, ns: 0 }

/** What a model version has done since it was loaded. `inference_count` counts rows, `execution_count` runs, `success` requests. */
export function describeStatistics ({ name, version, lane: { queue: { statistics } } }: Model): OipModelStatistics {
  return {
    name,
    version,
    last_inference: statistics.lastInference,
    inference_count: statistics.inferenceCount,
    execution_count: statistics.executionCount,
    inference_stats: {
      success: statistics.success,
      fail: statistics.fail,
      queue: statistics.queue,
      compute_input: statistics.computeInput,
      compute_infer: statistics.computeInfer,
      compute_output: statistics.computeOutput,
      cache_hit: never,
      cache_miss: never
    },
    response_stats: {},
    batch_stats: [...statistics.batches]
      .sort(([a], [b]) => a - b)
      .map(([rows, durations]) => ({ batch_size: rows, ...durations })),
    memory_usage: []
  }
}
