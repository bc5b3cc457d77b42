import fp from 'fastify-plugin'

/** One line per request, without any value of its body. Where the log level hides it, it is not even made. */
export default fp(async (app) => {
  if (!['info', 'debug', 'trace'].includes(app.config.LOG_LEVEL)) return
  app.addHook('onResponse', (request, reply, done) => {
    const { journal } = reply
    request.log.info({
      request_id: request.id,
      method: request.method,
      url: request.url,
      status: reply.statusCode,
      ms: round(reply.elapsedTime),
      ...(journal?.model !== undefined && {
        model: journal.model,
        version: journal.version,
        rows: journal.rows,
        queue_ms: round(journal.queueMs),
        inference_ms: round(journal.inferenceMs)
      })
    }, 'request')
    done()
  })
}, { name: 'request-log', fastify: '5.x', dependencies: ['deadline'] })

function round (ms: number): number {
  return Math.round(ms * 1000) / 1000
}
