import { once } from 'node:events'
import t from 'tap'
import { holdRuns } from './held-runs.js'
import { codeOf, column, deadlineIn, open, startBench, turns, values } from './lanes.js'

// Long enough for every run that is not held, on any machine.
const bench = startBench(t, 1, { runLimitMs: 1000 })
const { scheduler } = bench
const healthy = await open(scheduler, 'fails-on-13')

t.test('a run that does not end is given up, its thread replaced, and everything else goes on', async (t) => {
  const stuck = await open(scheduler, 'stuck', { maxRows: 1 })
  t.same(values(await scheduler.submit(stuck, turns(10), 1, deadlineIn())), [1])
  const runs = holdRuns(bench, stuck)
  const begun = runs.begun()
  const endless = codeOf(scheduler.submit(stuck, turns(10), 1, deadlineIn()))
  await begun
  const behind = scheduler.submit(healthy, column(1), 1, deadlineIn())
  const opening = open(scheduler, 'fails-on-13')
  t.equal(await endless, 'RUN_LIMIT_EXCEEDED')
  t.same(values(await behind), [21], 'who waited for the same thread is answered by its successor')
  t.same(values(await scheduler.submit(await opening, column(2), 1, deadlineIn())), [22], 'and so is what was to be opened on it')
  runs.release()
  t.same(values(await scheduler.submit(stuck, turns(10), 1, deadlineIn())), [1], 'one long run takes no model out of service')
  t.equal(scheduler.replacedThreads, 1)
  await scheduler.close(stuck)
})

t.test('a model whose runs keep passing the limit is taken out of service', async (t) => {
  const stuck = await open(scheduler, 'stuck', { maxRows: 1 })
  let reported = ''
  stuck.onFailure = ({ message }) => { reported = message }
  holdRuns(bench, stuck)
  const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(scheduler.submit(stuck, turns(10), 1, deadlineIn()))))
  t.same(codes, ['RUN_LIMIT_EXCEEDED', 'RUN_LIMIT_EXCEEDED', 'RUN_LIMIT_EXCEEDED', 'MODEL_NOT_READY', 'MODEL_NOT_READY'])
  t.match(reported, /3 of its runs were ended/)
  t.equal(await codeOf(scheduler.submit(stuck, turns(1), 1, deadlineIn())), 'MODEL_NOT_READY')
  t.same(values(await scheduler.submit(healthy, column(1), 1, deadlineIn())), [21])
})

t.test('opening that takes too long is given up with the reason', async (t) => {
  const { pool, scheduler } = startBench(t, 1, { loadLimitMs: 0 })
  // A thread that opens a model keeps the process alive.
  const opening = setInterval(() => {}, 60_000)
  t.teardown(() => clearInterval(opening))
  pool.run = () => once(pool, 'lost').then(() => { throw new Error('the thread was given up') }) as never
  await t.rejects(open(scheduler, 'fails-on-13'), { message: 'it was not open after 0 ms' })
})
