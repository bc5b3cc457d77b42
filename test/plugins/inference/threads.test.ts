import { once } from 'node:events'
import t from 'tap'
import { until } from '../../helper.js'
import { codeOf, column, deadlineIn, kill, open, slowRows, startBench, values, wide } from './lanes.js'

const bench = startBench(t, 2, { transferBytes: 1024 })
const { pool, scheduler, threads } = bench

t.test('a model lives on as many threads as it asks for', async (t) => {
  const queue = await open(scheduler, 'slow', { maxRows: 1, instances: 2 })
  const both = Promise.all([1, 2].map(() => scheduler.submit(queue, slowRows(60), 60, deadlineIn())))
  await until(() => queue.running === 2)
  t.equal(queue.running, 2, 'the second does not wait for the first')
  await both
  await scheduler.close(queue)
})

t.test('a model that keeps waiting beside an idle thread moves onto it, if its runs are long', async (t) => {
  const queue = await open(scheduler, 'slow', { maxRows: 1 })
  let most = 0
  await Promise.all(Array.from({ length: 40 }, async () => {
    await scheduler.submit(queue, slowRows(1), 1, deadlineIn())
    most = Math.max(most, queue.running)
  }))
  t.equal(most, 2)
  await scheduler.close(queue)
})

t.test('a lost thread is replaced, what it held is opened again, and its requests are run once more', async (t) => {
  const queues = [await open(scheduler, 'identity-float32'), await open(scheduler, 'identity-float32')]
  const [first = 0] = threads
  const lost = kill(bench, first)
  const answers = Promise.all(queues.map((queue) => scheduler.submit(queue, [wide(2, 2)], 2, deadlineIn())))
  await lost
  t.same((await answers).map(values), [[0, 0, 1, 1], [0, 0, 1, 1]])
  t.equal(scheduler.replacedThreads, 1)
  t.notOk(threads.has(first))
  t.same(queues.map(({ statistics }) => statistics.fail.count), [0, 0])
  await until(() => threads.size === 2)
})

/** A thread may answer before its end comes; then it is tried again. */
async function untilRefused (attempt: () => Promise<string>): Promise<string> {
  for (let tries = 0; tries < 30; tries++) {
    const code = await attempt()
    await until(() => threads.size === 2)
    if (code !== 'none') return code
  }
  return 'none'
}

t.test('a request that loses two threads is refused', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { instances: 2 })
  t.equal(await untilRefused(async () => {
    const [first = 0, second = 0] = threads
    const both = once(pool, 'lost').then(() => kill(bench, second))
    const lost = kill(bench, first)
    const answer = codeOf(scheduler.submit(queue, column(1), 1, deadlineIn()))
    await Promise.all([lost, both])
    return await answer
  }), 'WORKER_LOST')
  t.same(values(await scheduler.submit(queue, column(2), 1, deadlineIn())), [22], 'the threads come back')
  await until(() => threads.size === 2)
})

t.test('a request whose memory was handed to the lost thread cannot be run again', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { instances: 2 })
  t.equal(await untilRefused(async () => {
    const [first = 0, second = 0] = threads
    const lost = Promise.all([kill(bench, first), kill(bench, second)])
    const answer = codeOf(scheduler.submit(queue, column(...Array.from({ length: 256 }, (_, x) => x + 20)), 256, deadlineIn()))
    await lost
    return await answer
  }), 'WORKER_LOST')
})
