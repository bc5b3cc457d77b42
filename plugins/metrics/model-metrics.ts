import type { Registry } from 'prom-client'
import type { Inference } from '../inference/index.js'
import type { ModelQueue } from '../inference/queue.js'
import type { ModelRegistry } from '../models/registry.js'
import { CollectedMetric, sampleHistogram, type Labels, type Sample } from './collected-metric.js'

/** Metrics of the models and the threads, read from the queues' own statistics. */
export function collectModelMetrics (registry: Registry, models: ModelRegistry, inference: Inference): void {
  function * queues (): Generator<{ labels: Labels, queue: ModelQueue }> {
    for (const { name, versions } of models.list()) {
      for (const { version, model } of versions.values()) {
        if (model !== undefined) yield { labels: { model: name, version }, queue: model.lane.queue }
      }
    }
  }

  function perQueue (type: 'counter' | 'gauge', name: string, help: string, read: (queue: ModelQueue) => number): void {
    registry.registerMetric(new CollectedMetric({
      name,
      help,
      type,
      * read () { for (const { labels, queue } of queues()) yield { labels, value: read(queue) } }
    }))
  }

  perQueue('counter', 'model_server_rows_total', 'Rows answered by a model.', ({ statistics }) => statistics.inferenceCount)
  perQueue('counter', 'model_server_runs_total', 'Runs of a model; rows by runs is the mean batch.', ({ statistics }) => statistics.executionCount)
  perQueue('gauge', 'model_server_queue_rows', 'Rows that wait for a run.', ({ rowsWaiting }) => rowsWaiting)
  perQueue('gauge', 'model_server_queue_saturation_ratio', 'Rows that wait, by the rows that may wait.', ({ rowsWaiting, options }) => rowsWaiting / options.queueRows)
  perQueue('gauge', 'model_server_running_requests', 'Requests whose run is under way.', ({ running }) => running)

  registry.registerMetric(new CollectedMetric({
    name: 'model_server_requests_total',
    help: 'Requests that reached the queue of a model by outcome: success, or the code of the error in lower case. Those refused for their body are in model_server_http_requests_total.',
    type: 'counter',
    * read () {
      for (const { labels, queue: { statistics } } of queues()) {
        yield { labels: { ...labels, outcome: 'success' }, value: statistics.success.count }
        for (const [code, value] of statistics.failures) yield { labels: { ...labels, outcome: code.toLowerCase() }, value }
      }
    }
  }))

  const stages = 'model_server_stage_duration_seconds'
  registry.registerMetric(new CollectedMetric({
    name: stages,
    help: 'Seconds of a request by stage: validate (its body), preprocess (writing tensors), queue, inference (inside ONNX Runtime), format (writing the answer, over HTTP until it is sent); total, from its arrival in the queue to the answer of the model, is no stage.',
    type: 'histogram',
    * read () {
      for (const { labels, queue: { statistics } } of queues()) {
        for (const [stage, histogram] of Object.entries(statistics.latency)) yield * sampleHistogram(stages, { ...labels, stage }, histogram)
      }
    }
  }))

  const batch = 'model_server_batch_rows'
  registry.registerMetric(new CollectedMetric({
    name: batch,
    help: 'Rows of each run.',
    type: 'histogram',
    * read () { for (const { labels, queue } of queues()) yield * sampleHistogram(batch, labels, queue.statistics.runRows) }
  }))

  registry.registerMetric(new CollectedMetric({ name: 'model_server_models', help: 'Model versions by state.', type: 'gauge', read: () => countStates(models) }))
  registry.registerMetric(new CollectedMetric({ name: 'model_server_threads', help: 'Worker threads of the shared pool that are alive.', type: 'gauge', read: () => single(inference.threads) }))
  registry.registerMetric(new CollectedMetric({ name: 'model_server_threads_replaced_total', help: 'Worker threads that were lost or ended and replaced.', type: 'counter', read: () => single(inference.replacedThreads) }))
  registry.registerMetric(new CollectedMetric({ name: 'model_server_threads_recycled_total', help: 'Worker threads that were replaced because the process had more memory than MEMORY_LIMIT_MB.', type: 'counter', read: () => single(inference.recycledThreads) }))
  registry.registerMetric(new CollectedMetric({ name: 'model_server_ready', help: '1 while predictions are served.', type: 'gauge', read: () => single(models.unready === undefined ? 1 : 0) }))
}

function single (value: number): Sample[] {
  return [{ labels: {}, value }]
}

function countStates (models: ModelRegistry): Sample[] {
  const states: Record<string, number> = { READY: 0, LOADING: 0, UNAVAILABLE: 0 }
  for (const { versions } of models.list()) {
    for (const { state } of versions.values()) states[state] = (states[state] ?? 0) + 1
  }
  return Object.entries(states).map(([state, value]) => ({ labels: { state: state.toLowerCase() }, value }))
}
