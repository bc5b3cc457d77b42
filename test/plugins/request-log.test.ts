import { Writable } from 'node:stream'
import Fastify, { LogController } from 'fastify'
import t from 'tap'
import { loadConfig, type Config } from '../../config.js'
import deadline from '../../plugins/deadline.js'
import requestLog from '../../plugins/request-log.js'

async function serve (level: Config['LOG_LEVEL']) {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({ write (chunk, _encoding, done) { lines.push(JSON.parse(String(chunk))); done() } })
  const app = Fastify({ logger: { level, stream }, genReqId: () => 'r-1', logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }) })
  app.decorate('config', { ...loadConfig({}), LOG_LEVEL: level })
  await app.register(deadline)
  await app.register(requestLog)
  app.post('/predict', async (_request, reply) => {
    const { journal } = reply.startDeadline()
    journal.enter('iris', '2', 3)
    journal.leave(0.5, 1.25, performance.now())
    return { prediction: 'secret-answer' }
  })
  app.get('/livez', async () => ({ status: 'ok' }))
  return { app, lines }
}

t.test('each request is one line, a prediction with its model and none of its values', async (t) => {
  const { app, lines } = await serve('info')
  await app.inject({ method: 'POST', url: '/predict?proba=1', payload: { income: 987654 } })
  await app.inject('/livez')
  await app.inject('/nowhere')
  t.equal(lines.length, 3)
  t.match(lines[0], { level: 30, request_id: 'r-1', method: 'POST', url: '/predict?proba=1', status: 200, ms: Number, model: 'iris', version: '2', rows: 3, queue_ms: 0.5, inference_ms: 1.25, msg: 'request' })
  t.match(lines[1], { method: 'GET', url: '/livez', status: 200 })
  t.notOk('model' in (lines[1] ?? {}), 'no prediction, no model')
  t.match(lines[2], { url: '/nowhere', status: 404 })
  t.notMatch(JSON.stringify(lines), /987654|secret-answer/)
})

t.test('at a higher level there is no line and no hook', async (t) => {
  const { app, lines } = await serve('warn')
  await app.inject('/livez')
  t.same(lines, [])
})
