import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { MetricsSummary } from '../../schemas/metrics.js'
import { PredictionCounts, RouteCounts } from './counts.js'
import type { Exposition } from './exposition.js'

declare module 'fastify' {
  interface FastifyInstance { metrics: Metrics }
}

export interface Metrics {
  /** Every prediction over HTTP; other protocols record theirs here. */
  readonly predictions: PredictionCounts
  /** All metrics in Prometheus' text format. */
  expose (): Promise<{ contentType: string, text: string }>
  summarize (): MetricsSummary
}

/** `app.metrics`: what has been counted. Must be registered before the routes that it counts. */
export default fp(async (app) => {
  const predictions = new PredictionCounts()
  const routes: RouteCounts[] = []
  const startedAt = performance.now()
  let exposition: Promise<Exposition> | undefined

  app.addHook('onRoute', (route: RouteOptions) => {
    const counts = new RouteCounts(typeof route.method === 'string' ? route.method : 'other', route.url)
    routes.push(counts)
    const count = counts.isPrediction ? countPrediction : countRequest
    route.onResponse = [...[route.onResponse ?? []].flat(), count]

    function countRequest (_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
      counts.count(reply.statusCode)
      done()
    }

    function countPrediction (_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
      counts.count(reply.statusCode)
      predictions.record(reply.statusCode < 400, reply.elapsedTime, reply.journal)
      done()
    }
  })

  const unknown = new RouteCounts('', '')
  routes.push(unknown)
  app.addHook('onResponse', (request, reply, done) => {
    if (request.is404) unknown.count(reply.statusCode)
    done()
  })

  const metrics: Metrics = {
    predictions,
    async expose () {
      exposition ??= import('./exposition.js').then(({ Exposition }) => new Exposition(app.models, app.inference, routes))
      const metrics = await exposition
      return { contentType: metrics.contentType, text: await metrics.write() }
    },
    summarize () {
      const { count, failed, ms } = predictions
      const models = app.models.list().flatMap(({ versions }) => [...versions.values()])
      return {
        requests_total: count,
        requests_failed: failed,
        error_rate: count === 0 ? 0 : failed / count,
        prediction_latency_avg: count === 0 ? 0 : ms / count / 1000,
        models_loaded: models.filter(({ model }) => model !== undefined).length,
        queue_rows: models.reduce((sum, { model }) => sum + (model?.lane.queue.rowsWaiting ?? 0), 0),
        threads: app.inference.threads,
        threads_replaced: app.inference.replacedThreads,
        uptime_seconds: (performance.now() - startedAt) / 1000
      }
    }
  }
  app.decorate('metrics', metrics)
}, { name: 'metrics', fastify: '5.x', dependencies: ['deadline', 'inference', 'models'] })
