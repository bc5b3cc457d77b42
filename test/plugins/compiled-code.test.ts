import { createHook } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import t from 'tap'
import compiledCode from '../../plugins/compiled-code.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

async function collect (): Promise<void> {
  // What the last turns left on the stack is not garbage before they are over.
  for (let turn = 0; turn < 3; turn++) {
    await delay(5)
    gc()
  }
}

async function build (): Promise<{ app: FastifyInstance, replies: WeakRef<FastifyReply>[] }> {
  const app = Fastify()
  const replies: WeakRef<FastifyReply>[] = []
  app.addHook('onResponse', (_request, reply, done) => {
    replies.push(new WeakRef(reply))
    done()
  })
  await app.register(compiledCode)
  app.post('/', async () => 'ok')
  return { app, replies }
}

async function post (app: FastifyInstance, bytes: number): Promise<void> {
  await app.inject({ method: 'POST', url: '/', payload: { text: 'x'.repeat(bytes) } })
}

t.test('the last small request stays alive, and no other', async (t) => {
  const { app, replies } = await build()
  await post(app, 10)
  await post(app, 10)
  await post(app, 100_000)
  await app.inject({ method: 'POST', url: '/', payload: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })
  await collect()
  t.same(replies.map((reply) => reply.deref() !== undefined), [false, true, false, false])
  await app.close()
})

t.test('a tick of the event loop stays alive', async (t) => {
  const ticks: WeakRef<object>[] = []
  const hook = createHook({ init: (_id, type, _trigger, resource) => { if (type === 'TickObject') ticks.push(new WeakRef(resource)) } }).enable()
  const { app } = await build()
  await app.ready()
  hook.disable()
  await collect()
  t.ok(ticks.length > 1)
  t.equal(ticks.filter((tick) => tick.deref() !== undefined).length, 1)
  await app.close()
})
