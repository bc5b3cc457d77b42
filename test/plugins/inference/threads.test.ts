import t, { type Test } from 'tap'
import { until } from '../../helper.js'
import { holdRuns } from './held-runs.js'
import { codeOf, column, deadlineIn, kill, open, slowRows, startBench, values, wide, type Bench } from './lanes.js'

/** Each test has its own two threads: what one of them left to be opened again would be in the way of the next. */
async function startThreads (t: Test): Promise<Bench> {
  const bench = startBench(t, 2, { transferBytes: 1024 })
  await until(() => bench.threads.size === 2)
  return bench
}

t.test('a model lives on as many threads as it asks for', async (t) => {
  const bench = await startThreads(t)
  const queue = await open(bench.scheduler, 'fails-on-13', { maxRows: 1, instances: 2 })
  const runs = holdRuns(bench, queue)
  const threads = new Set<number>()
  const answers: ReturnType<typeof bench.scheduler.submit>[] = []
  for (const x of [1, 2]) {
    const begun = runs.begun()
    answers.push(bench.scheduler.submit(queue, column(x), 1, deadlineIn()))
    threads.add(await begun)
  }
  t.same(threads, bench.threads, 'the second does not wait for the first')
  runs.release()
  t.same((await Promise.all(answers)).map(values), [[21], [22]])
})

t.test('a model that keeps waiting beside an idle thread moves onto it, if its runs are long', async (t) => {
  const { scheduler } = await startThreads(t)
  const queue = await open(scheduler, 'slow', { maxRows: 1 })
  let most = 0
  await Promise.all(Array.from({ length: 4 }, async () => {
    // A model that never moves ends with the time limit of the file.
    while (most < 2) {
      await scheduler.submit(queue, slowRows(1), 1, deadlineIn())
      most = Math.max(most, queue.running)
    }
  }))
  t.equal(most, 2)
})

t.test('a lost thread is replaced, what it held is opened again, and its requests are run once more', async (t) => {
  const bench = await startThreads(t)
  const { scheduler, threads } = bench
  const queues = [await open(scheduler, 'identity-float32'), await open(scheduler, 'identity-float32')]
  const [first = 0] = threads
  // What is sent to a thread that was told to end is lost for certain.
  const lost = kill(bench, first)
  const answers = Promise.all(queues.map((queue) => scheduler.submit(queue, [wide(2, 2)], 2, deadlineIn())))
  await lost
  t.same((await answers).map(values), [[0, 0, 1, 1], [0, 0, 1, 1]])
  t.equal(scheduler.replacedThreads, 1)
  t.notOk(threads.has(first))
  t.same(queues.map(({ statistics }) => statistics.fail.count), [0, 0])
  await until(() => bench.threads.size === 2)
})

t.test('a request that loses two threads is refused', async (t) => {
  const bench = await startThreads(t)
  const { pool, scheduler, threads } = bench
  const queue = await open(scheduler, 'fails-on-13', { instances: 2 })
  const [first = 0, second = 0] = threads
  // In the turn of the loss itself, before the request is sent to the other thread.
  const both = new Promise<void>((resolve) => pool.once('lost', () => resolve(kill(bench, second))))
  const lost = kill(bench, first)
  const answer = codeOf(scheduler.submit(queue, column(1), 1, deadlineIn()))
  await Promise.all([lost, both])
  t.equal(await answer, 'WORKER_LOST')
  t.same(values(await scheduler.submit(queue, column(2), 1, deadlineIn())), [22], 'the threads come back')
  await until(() => bench.threads.size === 2)
})

t.test('a request whose memory was handed to the lost thread cannot be run again', async (t) => {
  const bench = await startThreads(t)
  const { scheduler, threads } = bench
  const queue = await open(scheduler, 'fails-on-13')
  const lost = [...threads].map((thread) => kill(bench, thread))
  const answer = codeOf(scheduler.submit(queue, column(...Array.from({ length: 256 }, (_, x) => x + 20)), 256, deadlineIn()))
  await Promise.all(lost)
  t.equal(await answer, 'WORKER_LOST')
  t.equal(queue.statistics.executionCount, 0)
})
