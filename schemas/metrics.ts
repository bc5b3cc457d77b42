import { Type, type Static } from '@sinclair/typebox'

export const MetricsSummarySchema = Type.Object({
  requests_total: Type.Integer({ description: 'Predictions asked for since the start.' }),
  requests_failed: Type.Integer({ description: 'Those that were not answered with a prediction.' }),
  error_rate: Type.Number({ description: 'requests_failed by requests_total; 0 before the first.' }),
  prediction_latency_avg: Type.Number({ description: 'Seconds.' }),
  models_loaded: Type.Integer({ description: 'Model versions that are served.' }),
  queue_rows: Type.Integer({ description: 'Rows that wait for a run.' }),
  threads: Type.Integer({ description: 'Worker threads that are alive.' }),
  threads_replaced: Type.Integer({ description: 'Worker threads that were lost and replaced.' }),
  uptime_seconds: Type.Number()
}, { description: 'The state of the server in a few numbers.' })
export type MetricsSummary = Static<typeof MetricsSummarySchema>
