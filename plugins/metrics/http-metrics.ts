import type { Registry } from 'prom-client'
import { CollectedMetric, type Sample } from './collected-metric.js'
import type { RouteCounts } from './counts.js'

export function collectHttpMetrics (registry: Registry, routes: RouteCounts[]): void {
  registry.registerMetric(new CollectedMetric({
    name: 'model_server_http_requests_total',
    help: 'HTTP requests by route and status; what no route takes has the empty one.',
    type: 'counter',
    * read (): Generator<Sample> {
      for (const { method, route, statuses } of routes) {
        for (const [status, value] of statuses) yield { labels: { method, route, status }, value }
      }
    }
  }))
}
