import fp from 'fastify-plugin'

/** With SERVER_TIMING every prediction says where its time went, in milliseconds. The hop between threads is in none of the stages. */
export default fp(async (app) => {
  if (!app.config.SERVER_TIMING) return
  app.addHook('onSend', (_request, reply, _payload, done) => {
    const { journal } = reply
    if (journal !== null && journal.answeredAt > 0) {
      const stages = [
        ['validate', journal.validateMs],
        ['preprocess', journal.preprocessMs],
        ['queue', journal.queueMs],
        ['inference', journal.inferenceMs],
        ['format', journal.formatMs(performance.now())]
      ] as const
      reply.header('server-timing', stages.map(([stage, ms]) => `${stage};dur=${ms.toFixed(3)}`).join(', '))
    }
    done()
  })
}, { name: 'server-timing', fastify: '5.x', dependencies: ['deadline'], decorators: { fastify: ['config'] } })
