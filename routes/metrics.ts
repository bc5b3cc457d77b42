import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { MetricsSummarySchema } from '../schemas/metrics.js'

/** What the server has counted: for Prometheus, and as a few JSON numbers for those who ask for them. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  for (const [path, operationId] of [['/metrics', 'getMetrics'], ['/metrics/prometheus', 'getPrometheusMetrics']] as const) {
    app.get(path, {
      schema: { tags: ['information'], operationId, summary: "Metrics in Prometheus' text format; a summary in JSON by Accept", response: { 200: MetricsSummarySchema } }
    }, async (request, reply) => {
      if (path === '/metrics' && prefersJson(request.headers.accept)) return app.metrics.summarize()
      return await reply.type(app.metrics.contentType).send(await app.metrics.expose() as never)
    })
  }
}

export default routes

/** Prometheus asks for its own formats first and for anything last. */
function prefersJson (accept = ''): boolean {
  const json = accept.indexOf('application/json')
  const text = accept.search(/text\/|openmetrics|vnd\.google\.protobuf/)
  return json >= 0 && (text < 0 || json < text)
}
