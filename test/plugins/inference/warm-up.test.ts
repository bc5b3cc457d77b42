import t, { type Test } from 'tap'
import type { Pool } from '../../../plugins/inference/pool.js'
import type { SchedulerOptions } from '../../../plugins/inference/scheduler.js'
import { until } from '../../helper.js'
import { holdRuns } from './held-runs.js'
import { column, deadlineIn, kill, open, startBench, turns, values, type Bench } from './lanes.js'

/** Two threads that are up, so that a model with two instances is open on both. */
async function startPair (t: Test, options: Partial<SchedulerOptions> = {}): Promise<Bench> {
  const bench = startBench(t, 2, options)
  await until(() => bench.threads.size === 2)
  return bench
}

/** Threads in the order of their runs. */
function watchRuns (pool: Pool): number[] {
  const runs: number[] = []
  const { infer } = pool
  pool.infer = (thread, task, transfer) => {
    runs.push(thread)
    return infer.call(pool, thread, task, transfer)
  }
  return runs
}

t.test('every thread that holds a model has run it before the first request, those that come later too', async (t) => {
  const bench = await startPair(t)
  const { pool, scheduler, threads } = bench
  const runs = watchRuns(pool)
  const queue = await open(scheduler, 'fails-on-13', { instances: 2 })
  await scheduler.warmUp(queue, column(1))
  t.same(new Set(runs), threads)
  t.equal(runs.length, 2)

  const [first = -1] = threads
  await kill(bench, first)
  await until(() => runs.length === 3)
  t.ok(threads.has(runs[2] ?? -1))
  t.not(runs[2], first, 'the thread that came for the lost one')

  await scheduler.renewOldest()
  t.equal(runs.length, 4, 'and the one that was put in the place of another')
  t.same([queue.statistics.executionCount, queue.statistics.inferenceCount, queue.statistics.success.count, queue.runMs], [0, 0, 0, 0], 'none of it counts')
  t.same(values(await scheduler.submit(queue, column(1), 1, deadlineIn())), [21])
})

t.test('a model on one thread is not run again for it', async (t) => {
  const { pool, scheduler } = await startPair(t)
  const runs = watchRuns(pool)
  await scheduler.warmUp(await open(scheduler, 'fails-on-13'), column(1))
  t.equal(runs.length, 0)
})

t.test('a warm-up that fails leaves the model as it is, and is not tried again', async (t) => {
  const { pool, scheduler } = await startPair(t)
  const runs = watchRuns(pool)
  const queue = await open(scheduler, 'fails-on-13', { instances: 2 })
  await scheduler.warmUp(queue, column(13))
  t.equal(runs.length, 1)
  await scheduler.renewOldest()
  t.equal(runs.length, 1)
  t.same(values(await scheduler.submit(queue, column(1), 1, deadlineIn())), [21])
  t.strictSame([scheduler.replacedThreads, queue.statistics.fail.count], [0, 0])
})

t.test('a warm-up that does not end loses its thread once, as a run does, and counts as no run of the model', async (t) => {
  const bench = await startPair(t, { runLimitMs: 1000 })
  const { scheduler } = bench
  const queue = await open(scheduler, 'stuck', { instances: 2, maxRows: 1 })
  const held = holdRuns(bench, queue)
  await scheduler.warmUp(queue, turns(10))
  held.release()
  await until(() => scheduler.threads === 2)
  t.same(values(await scheduler.submit(queue, turns(10), 1, deadlineIn())), [1])
  t.strictSame([scheduler.replacedThreads, queue.overruns, queue.failure], [1, 0, undefined])
})
