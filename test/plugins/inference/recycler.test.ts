import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Recycler } from '../../../plugins/inference/recycler.js'
import type { Scheduler } from '../../../plugins/inference/scheduler.js'
import { until, zooPath } from '../../helper.js'
import { holdRuns } from './held-runs.js'
import { codeOf, column, deadlineIn, kill, open, startBench, values, wide, type Bench } from './lanes.js'

const mb = 1024 * 1024

async function startThreads (t: Test, count: number): Promise<Bench> {
  const bench = startBench(t, count)
  await until(() => bench.threads.size === count)
  return bench
}

/** Threads that come and go, and the most of them that there were at once. */
function watch ({ pool, threads }: Bench): { most: number, gone: number[] } {
  const seen = { most: threads.size, gone: [] as number[] }
  pool.on('ready', () => { seen.most = Math.max(seen.most, threads.size) })
  pool.on('retired', (thread) => seen.gone.push(thread))
  return seen
}

type Line = { level: string, message: string } & Record<string, unknown>

function recycle (t: Test, schedulers: Iterable<Scheduler>, readRss: () => number): { recycler: Recycler, lines: Line[] } {
  const lines: Line[] = []
  const log = {
    info: (fields: object, message: string) => { lines.push({ level: 'info', message, ...fields }) },
    warn: (fields: object, message: string) => { lines.push({ level: 'warn', message, ...fields }) }
  }
  const recycler = new Recycler(schedulers, log, { limitMb: 100, checkMs: 1, pauseMs: 1, readRss })
  t.teardown(() => recycler.stop())
  return { recycler, lines }
}

for (const count of [1, 2]) {
  t.test(`requests that flow while threads are replaced are all answered, and right (${count})`, async (t) => {
    const bench = await startThreads(t, count)
    const { scheduler } = bench
    const queues = [await open(scheduler, 'fails-on-13'), await open(scheduler, 'fails-on-13', { instances: count }), await open(scheduler, 'fails-on-13', { maxRows: 1 })]
    const [first] = bench.threads
    const seen = watch(bench)
    const { recycler } = recycle(t, [scheduler], () => 101 * mb)
    const answers: unknown[][] = []
    await Promise.all(queues.map(async (queue) => {
      for (let x = 20; recycler.recycled < 2 * count; x++) answers.push([x, ...values(await scheduler.submit(queue, column(x), 1, deadlineIn()))])
    }))
    recycler.stop()
    t.equal(answers.find(([x, y]) => y !== Number(x) + 20), undefined)
    t.same(queues.map(({ statistics, failure }) => [statistics.fail.count, failure]), queues.map(() => [0, undefined]))
    t.ok(seen.gone.length >= 2 * count)
    t.equal(seen.gone[0], first, 'the oldest first')
    t.equal(seen.most, count + 1, 'one at a time')
    t.equal(scheduler.replacedThreads, 0, 'none of them counts as lost')
    await until(() => bench.threads.size === count)
  })
}

t.test('a run ends on its thread while the successor serves', async (t) => {
  const bench = await startThreads(t, 1)
  const { scheduler, threads } = bench
  const [held, other] = [await open(scheduler, 'fails-on-13'), await open(scheduler, 'fails-on-13')]
  const runs = holdRuns(bench, held)
  const begun = runs.begun()
  const waiting = scheduler.submit(held, column(1), 1, deadlineIn())
  const thread = await begun
  const renewed = scheduler.renewOldest()
  t.same(values(await scheduler.submit(other, column(2), 1, deadlineIn())), [22], 'the only thread was busy')
  t.ok(threads.has(thread))
  runs.release()
  t.same(values(await waiting), [21])
  await renewed
  t.notOk(threads.has(thread))
  t.equal(threads.size, 1)
})

t.test('within the limit nothing is replaced, and the log tells of what was', async (t) => {
  const bench = await startThreads(t, 2)
  const [first] = bench.threads
  let looks = 0
  const { recycler, lines } = recycle(t, [bench.scheduler], () => ++looks === 3 ? 300 * mb : 100 * mb)
  await until(() => looks > 20)
  recycler.stop()
  t.equal(recycler.recycled, 1)
  t.match(lines, [{ level: 'info', thread: first, rss_mb: 300, rss_after_mb: 100, message: /MEMORY_LIMIT_MB \(100\)/ }])
  t.equal(lines.length, 1)
})

t.test('a limit that cannot be kept is said once for each round, and the pauses grow', async (t) => {
  const bench = await startThreads(t, 2)
  const { lines } = recycle(t, [bench.scheduler], () => 300 * mb)
  await until(() => lines.length >= 6)
  const levels = lines.slice(0, 6).map(({ level }) => level)
  t.same(levels, ['info', 'info', 'warn', 'info', 'info', 'warn'])
  t.match(lines[2], { rss_mb: 300, message: /MEMORY_LIMIT_MB \(100\) is below what the server needs: .* in 0\.002 s$/ })
  t.match(lines[5], { message: / in 0\.004 s$/ })
})

t.test('a thread whose models cannot be opened again stays', async (t) => {
  const bench = await startThreads(t, 1)
  const { scheduler, threads } = bench
  const path = join(t.testdir(), 'model.onnx')
  await cp(zooPath('fails-on-13'), path)
  const queue = await open(scheduler, path)
  await cp(zooPath('slow'), path)
  const [first] = threads
  const { recycler, lines } = recycle(t, [scheduler], () => 300 * mb)
  await until(() => lines.length >= 2)
  recycler.stop()
  t.match(lines, [{ level: 'warn', thread: first, err: { message: 'the file changed on disk since this version was loaded' } }, { level: 'warn', message: /below what the server needs/ }])
  t.same(values(await scheduler.submit(queue, column(1), 1, deadlineIn())), [21])
  await until(() => threads.size === 1)
  t.same([...threads], [first])
})

t.test('a thread that is lost while its successor takes over leaves no thread too many', async (t) => {
  const bench = await startThreads(t, 1)
  const { pool, scheduler, threads } = bench
  const queue = await open(scheduler, 'identity-float32')
  const [first = 0] = threads
  const lost = new Promise<void>((resolve) => pool.once('ready', () => resolve(kill(bench, first))))
  const renewed = scheduler.renewOldest()
  await lost
  await renewed
  t.same(values(await scheduler.submit(queue, [wide(2, 2)], 2, deadlineIn())), [0, 0, 1, 1])
  await until(() => threads.size === 1)
  t.equal(scheduler.replacedThreads, 1)
  t.equal(scheduler.threads, 1)
})

t.test('a successor that is lost leaves everything as it was', async (t) => {
  const bench = await startThreads(t, 1)
  const { pool, scheduler, threads } = bench
  const queues = [await open(scheduler, 'identity-float32'), await open(scheduler, 'identity-float32')]
  const [first] = threads
  const run = pool.run.bind(pool)
  let opened = 0
  pool.run = (thread, name, ...rest) => {
    const result = run(thread, name, ...rest)
    if (name === 'open' && ++opened === 2) kill(bench, thread)
    return result
  }
  await t.rejects(scheduler.renewOldest(), 'during the second model')
  pool.run = run
  for (const queue of queues) t.same(values(await scheduler.submit(queue, [wide(2, 2)], 2, deadlineIn())), [0, 0, 1, 1])
  t.same([...threads], [first])
  t.same(queues.map(({ failure }) => failure), [undefined, undefined])
  await scheduler.renewOldest()
  t.not([...threads][0], first, 'the next time it succeeds')
  t.equal(threads.size, 1)
})

t.test('a successor that is lost at once holds nothing up', async (t) => {
  const bench = await startThreads(t, 1)
  const { pool, scheduler, threads } = bench
  await open(scheduler, 'identity-float32')
  const [first] = threads
  pool.once('ready', (thread) => kill(bench, thread))
  await t.rejects(scheduler.renewOldest())
  const later = await open(scheduler, 'fails-on-13')
  t.same(values(await scheduler.submit(later, column(1), 1, deadlineIn())), [21])
  t.same([...threads], [first])
})

t.test('the end comes in between', { timeout: 20_000 }, async (t) => {
  const bench = await startThreads(t, 1)
  await open(bench.scheduler, 'fails-on-13')
  const starting = codeOf(bench.scheduler.renewOldest())
  await bench.scheduler.stop()
  t.equal(await starting, 'DRAINING')
  const other = await startThreads(t, 1)
  await open(other.scheduler, 'fails-on-13')
  const opening = new Promise<void>((resolve) => other.pool.once('ready', () => resolve(other.scheduler.stop())))
  const renewed = codeOf(other.scheduler.renewOldest())
  await opening
  t.equal(await renewed, 'DRAINING')
})
