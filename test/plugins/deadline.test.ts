import { request as httpRequest } from 'node:http'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { loadConfig } from '../../config.js'
import deadlines, { type Deadline } from '../../plugins/deadline.js'
import errors from '../../plugins/errors/index.js'
import { until } from '../helper.js'

async function serve (t: Test) {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorate('config', { ...loadConfig({}), REQUEST_TIMEOUT_MS: 5000 })
  await app.register(errors)
  await app.register(deadlines)
  return app
}

t.test('a client may ask for less time, not for more', async (t) => {
  const app = await serve(t)
  app.post('/', async (_request, reply) => {
    const { ms, at, cancelled } = reply.startDeadline()
    return { ms, left: at - performance.now(), cancelled }
  })
  const ask = async (headers: Record<string, string>) => (await app.inject({ method: 'POST', url: '/', headers })).json()
  for (const [headers, ms] of [[{}, 5000], [{ 'x-request-timeout-ms': '20' }, 20], [{ 'x-request-timeout-ms': '60000' }, 5000]] as const) {
    const answer = await ask(headers)
    t.equal(answer.ms, ms)
    t.ok(answer.left <= ms)
    t.equal(answer.cancelled, false)
  }
  for (const value of ['0', '-5', '1.5', 'soon', '1e99', 'Infinity']) {
    t.match(await ask({ 'x-request-timeout-ms': value }), { status: 400, code: 'INVALID_REQUEST', errors: [{ path: 'x-request-timeout-ms', got: value }] }, value)
  }
})

t.test('who left before the clock started is not waited for', async (t) => {
  const app = await serve(t)
  const begun = Promise.withResolvers<void>()
  const started = Promise.withResolvers<Deadline>()
  app.post('/', async (_request, reply) => {
    reply.raw.on('close', () => started.resolve(reply.startDeadline()))
    begun.resolve()
    await started.promise
    return 'nobody reads this'
  })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const request = httpRequest(address, { method: 'POST' })
  request.on('error', () => {})
  request.end()
  await begun.promise
  request.destroy()
  t.equal((await started.promise).cancelled, true)
})

t.test('a client that closes its connection cancels, one that has its answer does not', async (t) => {
  const app = await serve(t)
  const started: Deadline[] = []
  const begun = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  app.post('/:wait', async (request, reply) => {
    const deadline = reply.startDeadline()
    started.push(deadline)
    if ((request.params as { wait: string }).wait === 'no') return 'done'
    begun.resolve()
    await left.promise
    return 'nobody reads this'
  })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  await (await fetch(`${address}/no`, { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', connection: 'close' } })).text()

  const request = httpRequest(`${address}/yes`, { method: 'POST', headers: { 'content-type': 'application/json' } })
  request.on('error', () => {})
  request.end('{"a":1}')
  await begun.promise
  request.destroy()
  await until(() => started.at(-1)?.cancelled === true)
  t.same(started.map((deadline) => deadline.cancelled), [false, true])
  left.resolve()
})
