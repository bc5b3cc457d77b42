import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { NotAcceptableError } from '../errors.js'
import { MetricsSummarySchema } from '../schemas/metrics.js'
import { ProblemSchema } from '../schemas/problem.js'
import { ref } from '../schemas/ref.js'
import { chooseType } from './accept.js'

const exposition = { schema: Type.String({ description: "Prometheus' text format, also for those who ask for OpenMetrics." }) }
const tags = ['information']

/** What the server has counted: for Prometheus, and as a few JSON numbers for those who ask for them. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/metrics', {
    schema: {
      tags,
      operationId: 'getMetrics',
      summary: "Metrics in Prometheus' text format; a summary in JSON by Accept",
      response: {
        200: { description: 'What was counted.', content: { 'text/plain': exposition, 'application/json': { schema: MetricsSummarySchema } } },
        406: ref(ProblemSchema)
      }
    }
  }, async (request, reply) => {
    const { accept } = request.headers
    const type = chooseType(accept, ['text/plain', 'application/openmetrics-text', 'application/json'])
    if (type === undefined) throw new NotAcceptableError('text/plain or application/json', accept?.slice(0, 80) ?? '')
    if (type === 'application/json') return app.metrics.summarize()
    const { contentType, text } = await app.metrics.expose()
    return await reply.type(contentType).send(text)
  })

  app.get('/metrics/prometheus', {
    schema: {
      tags,
      operationId: 'getPrometheusMetrics',
      summary: "Metrics in Prometheus' text format",
      response: { 200: { description: 'What was counted.', content: { 'text/plain': exposition } } }
    }
  }, async (_request, reply) => {
    const { contentType, text } = await app.metrics.expose()
    return await reply.type(contentType).send(text)
  })
}

export default routes
