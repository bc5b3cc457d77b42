import { createHook } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import t from 'tap'
import compiledCode from '../../plugins/compiled-code.js'

setFlagsFromString('--expose-gc')
setFlagsFromString('--allow-natives-syntax')
const gc = runInNewContext('gc') as (...options: object[]) => void
const hasFastProperties = runInNewContext('(object) => %HasFastProperties(object)') as (object: object) => boolean

async function collect (...options: object[]): Promise<void> {
  // What the last turns left on the stack is not garbage before they are over.
  for (let turn = 0; turn < 3; turn++) {
    await delay(5)
    gc(...options)
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

t.test('the last small request of each route stays alive, and no other', async (t) => {
  const { app, replies } = await build()
  app.get('/empty', async () => 'ok')
  await post(app, 10)
  await post(app, 10)
  await app.inject('/empty')
  await post(app, 100_000)
  await app.inject({ method: 'POST', url: '/', payload: Readable.from(['{}']), headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } })
  await app.inject({ method: 'POST', url: '/', payload: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })
  await collect()
  t.same(replies.map((reply) => reply.deref() !== undefined), [false, true, true, false, false, false])
  await app.close()
})

t.test('requests keep their shape however early the heap is collected', async (t) => {
  const app = Fastify()
  const areFast: boolean[][] = []
  await app.register(compiledCode)
  app.get('/', async ({ raw }, reply) => {
    areFast.push([hasFastProperties(raw), hasFastProperties(reply.raw)])
    return 'ok'
  })
  const url = await app.listen()
  // One of the first decides; which one is V8's business.
  for (let request = 0; request < 12; request++) {
    await (await fetch(url)).text()
    await collect({ type: 'major', flavor: 'last-resort' })
  }
  t.same(areFast.slice(8), Array(4).fill([true, true]))
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
