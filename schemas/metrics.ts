import { Type, type Static } from '@sinclair/typebox'

export const MetricsSummarySchema = Type.Object({
  requests_total: Type.Integer({ description: 'Predictions asked for since the start, whatever the protocol.' }),
  requests_failed: Type.Integer({ description: 'Those that were answered with a status of 400 or more, whoever is to blame: a body that is refused is one, and so is a failure of the server.' }),
  error_rate: Type.Number({ description: 'requests_failed by requests_total; 0 before the first.' }),
  prediction_latency_avg: Type.Number({ description: 'Mean time of all predictions from their arrival to their answer, in seconds; those that failed are among them.' }),
  models_loaded: Type.Integer({ description: 'Model versions that are served.' }),
  queue_rows: Type.Integer({ description: 'Rows that wait for a run.' }),
  threads: Type.Integer({ description: 'Worker threads that are alive.' }),
  threads_replaced: Type.Integer({ description: 'Worker threads that were lost and replaced.' }),
  uptime_seconds: Type.Number({ description: 'Seconds since the start.' })
}, { description: 'The state of the server in a few numbers.' })
export type MetricsSummary = Static<typeof MetricsSummarySchema>
