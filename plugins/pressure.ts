import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { OverloadedError } from '../errors.js'

/** Probes and metrics answer whatever the load: a killed or blind server helps nobody. */
const exempt = new Set([
  '/health', '/livez', '/ready', '/readyz', '/metrics', '/metrics/prometheus',
  '/v2/health/live', '/v2/health/ready', '/v2/models/:model/ready', '/v2/models/:model/versions/:version/ready', '/v1/models/:model'
])
const sampleMs = 1000

/** Refuses requests with 503 while the event loop lags behind by more than MAX_EVENT_LOOP_DELAY_MS. */
export default fp(async (app) => {
  const limit = app.config.MAX_EVENT_LOOP_DELAY_MS
  if (limit === 0) return
  await app.register(underPressure, {
    maxEventLoopDelay: limit,
    sampleInterval: sampleMs,
    pressureHandler (request) {
      if (!exempt.has(request.routeOptions.url ?? '')) throw new OverloadedError()
    }
  })
}, { name: 'pressure', fastify: '5.x', decorators: { fastify: ['config'] } })
