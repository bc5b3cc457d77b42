import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { loadConfig } from '../../../config.js'
import inference from '../../../plugins/inference/index.js'
import { zooPath } from '../../helper.js'
import { codeOf, deadlineIn, generous, kill, open, slowRows, startBench } from './lanes.js'

const unread = { body: Buffer.from('[1]'), options: { layout: { inputs: [], kind: 'columns' as const }, rules: [], limits: { maxRows: 1, batchMax: 1, maxSamples: 2, maxErrors: 1 } }, key: 'a', face: 'batch' as const, strict: true }

t.test('what waits for the first thread is refused when the end comes before it', { timeout: 20_000 }, async (t) => {
  const { scheduler } = startBench(t, 1)
  const waiting = [codeOf(open(scheduler, 'fails-on-13')), codeOf(open(scheduler, 'fails-on-13')), codeOf(scheduler.runAnywhere('read', unread))]
  await scheduler.stop()
  t.same(await Promise.all(waiting), ['DRAINING', 'DRAINING', 'DRAINING'])
  t.equal(await codeOf(open(scheduler, 'fails-on-13')), 'DRAINING')
  t.equal(await codeOf(scheduler.runAnywhere('read', unread)), 'DRAINING')
})

t.test('so is what waits for the successor of a lost thread, and no model is blamed', { timeout: 20_000 }, async (t) => {
  const bench = startBench(t, 1)
  const { scheduler, threads } = bench
  const queue = await open(scheduler, 'fails-on-13')
  let blamed: Error | undefined
  queue.onFailure = (error) => { blamed = error }
  const [thread = 0] = threads
  await kill(bench, thread)
  const waiting = codeOf(open(scheduler, 'fails-on-13'))
  await scheduler.stop()
  t.equal(await waiting, 'DRAINING')
  t.equal(blamed, undefined)
})

t.test('so is what waits behind a run, and what is being opened', { timeout: 20_000 }, async (t) => {
  const { scheduler } = startBench(t, 1)
  const slow = await open(scheduler, 'slow', { maxRows: 1 })
  const running = codeOf(scheduler.submit(slow, slowRows(20), 20, deadlineIn()))
  const waiting = [codeOf(open(scheduler, 'fails-on-13')), codeOf(open(scheduler, 'fails-on-13')), codeOf(scheduler.runAnywhere('read', unread))]
  await scheduler.stop()
  t.equal(await running, 'DRAINING')
  t.same(await Promise.all(waiting), ['DRAINING', 'DRAINING', 'DRAINING'])
  await scheduler.close(slow)
})

t.test('an application that is closed while a model is being opened ends, and so does the opening', { timeout: 20_000 }, async (t) => {
  const app = Fastify()
  app.decorate('config', { ...loadConfig({}), WORKERS: '1' })
  await app.register(inference)
  const path = zooPath('fails-on-13')
  const opened = [true, false].map((dedicated) => codeOf(app.inference.open({ key: randomUUID(), path, folder: dirname(path) }, 'a', { ...generous, dedicated })))
  await app.close()
  t.same(await Promise.all(opened), ['DRAINING', 'DRAINING'])
})
