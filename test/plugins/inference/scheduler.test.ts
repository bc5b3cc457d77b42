import t from 'tap'
import { setImmediate as turn } from 'node:timers/promises'
import type { Tensor } from '../../../codecs/tensor.js'
import { until } from '../../helper.js'
import type { ModelQueue } from '../../../plugins/inference/queue.js'
import { holdRuns } from './held-runs.js'
import { codeOf, column, deadlineIn, open, slowRows, startBench, values, wide } from './lanes.js'

const bench = startBench(t, 1, { targetRunMs: 10_000 })
const { scheduler } = bench
const slow = await open(scheduler, 'slow', { maxRows: 1 })

/** One run of about five milliseconds. */
function runSlow (): ReturnType<typeof scheduler.submit> {
  return scheduler.submit(slow, slowRows(1), 1, deadlineIn())
}

/** Keeps the only thread busy until it is released, which resolves when the run is over. */
async function occupy (): Promise<() => Promise<unknown>> {
  const runs = holdRuns(bench, slow)
  const begun = runs.begun()
  const busy = runSlow()
  await begun
  return () => {
    runs.release()
    return busy
  }
}

t.test('a request that finds an idle thread runs at once and alone', async (t) => {
  const queue = await open(scheduler, 'fails-on-13')
  t.match(await scheduler.submit(queue, column(1), 1, deadlineIn()), { batchRows: 1 })
  t.equal(queue.rowsWaiting, 0)
})

t.test('requests that wait together share a run, up to max_rows', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { maxRows: 4 })
  const release = await occupy()
  const waiting = Array.from({ length: 10 }, (_, x) => scheduler.submit(queue, column(x), 1, deadlineIn()))
  await release()
  const outcomes = await Promise.all(waiting)
  t.same(outcomes.map(values), Array.from({ length: 10 }, (_, x) => [20 + x]))
  t.same(outcomes.map(({ batchRows }) => batchRows), [4, 4, 4, 4, 4, 4, 4, 4, 2, 2])
  t.equal(queue.statistics.executionCount, 3)
})

t.test('max_rows limits merging and never splits a request', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { maxRows: 4 })
  const release = await occupy()
  const waiting = [
    scheduler.submit(queue, column(1, 2, 3, 4, 5, 6), 6, deadlineIn()),
    scheduler.submit(queue, column(7), 1, deadlineIn())
  ] as const
  await release()
  const [large, small] = await Promise.all(waiting)
  t.same([large.batchRows, small.batchRows], [6, 1])
  t.same([values(large), values(small)], [[21, 22, 23, 24, 25, 26], [27]])
})

t.test('a merged run takes as long as it should, and half of it while another model has work', async (t) => {
  const bench = startBench(t, 1, { targetRunMs: 40 })
  const [queue, other] = await Promise.all([open(bench.scheduler, 'fails-on-13'), open(bench.scheduler, 'identity-float32')])
  queue.rowMs = 4
  queue.recordRun = () => {}

  async function countRows (meanwhile: () => Promise<unknown>): Promise<number[]> {
    const runs = holdRuns(bench, queue)
    const begun = runs.begun()
    const first = bench.scheduler.submit(queue, column(0), 1, deadlineIn())
    await begun
    const waiting = Array.from({ length: 20 }, () => bench.scheduler.submit(queue, column(1), 1, deadlineIn()))
    const others = meanwhile()
    runs.release()
    await others
    return (await Promise.all([first, ...waiting])).map(({ batchRows }) => batchRows)
  }

  t.same(await countRows(async () => {}), [1, ...new Array(20).fill(10)])
  // The first run after the one that was held has waited longer than the other model, whose turn comes behind it.
  const rows = await countRows(() => bench.scheduler.submit(other, [wide(1, 2)], 1, deadlineIn()))
  t.same(rows.slice(0, 6), [1, 5, 5, 5, 5, 5])
})

t.test('max_delay_us lets a request wait for company on an idle thread', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { maxRows: 2, maxDelayUs: 3_600_000_000 })
  const first = scheduler.submit(queue, column(1), 1, deadlineIn())
  // Far more than a dispatch takes.
  for (let turns = 0; turns < 50; turns++) await turn()
  t.equal(queue.rowsWaiting, 1)
  const second = scheduler.submit(queue, column(2), 1, deadlineIn())
  t.same((await Promise.all([first, second])).map(({ batchRows }) => batchRows), [2, 2])
})

t.test('max_delay_us ends without company', async (t) => {
  for (const maxDelayUs of [500, 20_000]) {
    const queue = await open(scheduler, 'fails-on-13', { maxDelayUs })
    t.match(await scheduler.submit(queue, column(1), 1, deadlineIn()), { batchRows: 1 })
  }
})

t.test('the long max_delay_us of one model does not hold up the short one of another', async (t) => {
  const patient = await open(scheduler, 'fails-on-13', { maxDelayUs: 3_600_000_000 })
  const hasty = await open(scheduler, 'fails-on-13', { maxDelayUs: 5_000 })
  const deadline = deadlineIn()
  const waiting = codeOf(scheduler.submit(patient, column(1), 1, deadline))
  await scheduler.submit(hasty, column(2), 1, deadlineIn())
  t.equal(patient.rowsWaiting, 1, 'the patient one still waits')
  deadline.cancel()
  t.equal(await waiting, 'CLIENT_GONE')
})

t.test('a model with a deep queue does not starve another', async (t) => {
  const queue = await open(scheduler, 'fails-on-13')
  let done = 0
  const release = await occupy()
  const deep = Array.from({ length: 10 }, () => runSlow().then(() => { done++ }))
  const answer = scheduler.submit(queue, column(1), 1, deadlineIn())
  await release()
  await answer
  t.ok(done <= 2, `answered after ${done} of 10`)
  await Promise.all(deep)
})

t.test('a full queue refuses; a single larger request is admitted when nothing waits', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { queueRows: 4 })
  const release = await occupy()
  const large = scheduler.submit(queue, column(1, 2, 3, 4, 5, 6), 6, deadlineIn())
  t.equal(await codeOf(scheduler.submit(queue, column(7), 1, deadlineIn())), 'QUEUE_FULL')
  await release()
  t.same(values(await large), [21, 22, 23, 24, 25, 26])
  t.same(values(await scheduler.submit(queue, column(7), 1, deadlineIn())), [27], 'there is room again')
})

t.test('a request whose deadline passes while it waits is answered and never run', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { timeoutMs: 10 })
  const other = await open(scheduler, 'fails-on-13')
  const release = await occupy()
  t.same(await Promise.all([
    codeOf(scheduler.submit(queue, column(1), 1, deadlineIn())),
    codeOf(scheduler.submit(other, column(1), 1, deadlineIn(10)))
  ]), ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
  await release()
  t.same([queue.statistics.executionCount, queue.rowsWaiting, other.statistics.executionCount, other.rowsWaiting], [0, 0, 0, 0])
})

t.test('a request whose deadline passes while it runs is answered before the run ends', async (t) => {
  const runs = holdRuns(bench, slow)
  t.equal(await codeOf(scheduler.submit(slow, slowRows(1), 1, deadlineIn(10))), 'DEADLINE_EXCEEDED')
  t.equal(slow.running, 1)
  runs.release()
  await until(() => slow.isIdle)
})

t.test('a client that goes away frees its place', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { queueRows: 2 })
  const release = await occupy()
  const gone = deadlineIn()
  const waiting = codeOf(scheduler.submit(queue, column(1, 2), 2, gone))
  t.equal(await codeOf(scheduler.submit(queue, column(3), 1, deadlineIn())), 'QUEUE_FULL')
  gone.cancel()
  t.equal(await waiting, 'CLIENT_GONE')
  t.equal(queue.rowsWaiting, 0)
  const next = scheduler.submit(queue, column(3), 1, deadlineIn())
  await release()
  t.same(values(await next), [23])
  t.equal(queue.statistics.executionCount, 1)
  t.equal(await codeOf(scheduler.submit(queue, column(3), 1, gone)), 'CLIENT_GONE', 'nor is anything done for it later')
})

t.test('requests of one client that share its deadline are all dropped with it', async (t) => {
  const queue = await open(scheduler, 'fails-on-13', { maxRows: 1 })
  const release = await occupy()
  const gone = deadlineIn()
  const waiting = [1, 2, 3].map((x) => codeOf(scheduler.submit(queue, column(x), 1, gone)))
  gone.cancel()
  t.same(await Promise.all(waiting), ['CLIENT_GONE', 'CLIENT_GONE', 'CLIENT_GONE'])
  await release()
  t.equal(queue.statistics.executionCount, 0)
})

t.test('a bad row fails only the client that sent it', async (t) => {
  const queue = await open(scheduler, 'fails-on-13')
  const release = await occupy()
  const answers = Promise.all([[1], [13], [2, 3]].map((row) =>
    scheduler.submit(queue, column(...row), row.length, deadlineIn()).then(values, ({ code }) => code)))
  await release()
  t.same(await answers, [[21], 'INFERENCE_FAILED', [22, 23]])
})

t.test('a graph that refuses merged rows answers every request all the same', async (t) => {
  const queue = await open(scheduler, 'torch-fixed-batch-of-1')
  const row = (): Tensor[] => [{ name: 'input', type: 'float32', dims: [1, 4], data: Float32Array.of(5.9, 3.2, 4.8, 1.8) }]
  const alone = values(await scheduler.submit(queue, row(), 1, deadlineIn()))
  const release = await occupy()
  const together = Promise.all([1, 2, 3].map(() => scheduler.submit(queue, row(), 1, deadlineIn())))
  await release()
  for (const outcome of await together) t.same(values(outcome), alone)
})

t.test('rows that share one large buffer keep their data', async (t) => {
  const queue = await open(scheduler, 'identity-float32')
  const rows = wide(3, 2 ** 19)
  const outcomes = await Promise.all([0, 1, 2].map((row) => scheduler.submit(queue, [{ ...rows, dims: [2 ** 18, 2], data: rows.data.subarray(row * 2 ** 19, (row + 1) * 2 ** 19) }], 2 ** 18, deadlineIn())))
  t.same(outcomes.map(({ outputs }) => [outputs[0]?.data.length, outputs[0]?.data[0], outputs[0]?.data.at(-1)]), [0, 1, 2].map((row) => [2 ** 19, row, row]))
})

t.test('large tensors are handed over and come back', async (t) => {
  const queue = await open(scheduler, 'identity-float32')
  const tensor = wide(2, 2 ** 19)
  const { outputs } = await scheduler.submit(queue, [tensor], 2 ** 19, deadlineIn())
  t.equal(tensor.data.length, 0, 'the memory moved')
  t.match(outputs[0], { dims: [2 ** 19, 2] })
  t.same([outputs[0]?.data[0], outputs[0]?.data.at(-1)], [0, 1])
})

t.test('who comes during a run has its turn after it, before the same model again', async (t) => {
  const bench = startBench(t, 1)
  const { scheduler } = bench
  const [long, short] = [await open(scheduler, 'fails-on-13', { maxRows: 1 }), await open(scheduler, 'fails-on-13')]
  const runs = holdRuns(bench, long)
  const begun = runs.begun()
  const order: string[] = []
  const ask = (queue: ModelQueue, name: string) => scheduler.submit(queue, column(1), 1, deadlineIn()).then(() => order.push(name))
  const waiting = ['long 1', 'long 2', 'long 3'].map((name) => ask(long, name))
  await begun
  waiting.push(ask(short, 'short'))
  runs.release()
  await Promise.all(waiting)
  t.same(order, ['long 1', 'short', 'long 2', 'long 3'])
})

t.test('a body is read in turn with the predictions', async (t) => {
  const release = await occupy()
  const busy = Array.from({ length: 4 }, runSlow)
  const body = Buffer.from('{"instances": [')
  const layout = { inputs: [], kind: 'columns' as const }
  const reading = scheduler.runAnywhere('read', { body, options: { layout, rules: [], limits: { maxRows: 1, batchMax: 1, maxSamples: 2, maxErrors: 1 } }, key: 'a', face: 'batch', strict: true })
  await release()
  t.match(await reading, { refusal: { code: 'INVALID_JSON' } })
  t.ok(slow.rowsWaiting + slow.running > 0, 'before the whole queue is done')
  await Promise.all(busy)
})

t.test('a model that is closed answers what it has and refuses what comes later', async (t) => {
  const queue = await open(scheduler, 'fails-on-13')
  const release = await occupy()
  const waiting = scheduler.submit(queue, column(1), 1, deadlineIn())
  const closed = scheduler.close(queue)
  await release()
  await closed
  t.same(values(await waiting), [21])
  t.equal(await codeOf(scheduler.submit(queue, column(1), 1, deadlineIn())), 'MODEL_NOT_READY')
})

t.test('a file that cannot be opened is refused with the reason, and nothing of it stays', async (t) => {
  await t.rejects(open(scheduler, 'broken/text'), /not an ONNX|ONNX/i)
  await t.rejects(open(scheduler, 'nowhere'), { message: /ENOENT/ })
  t.same(values(await scheduler.submit(await open(scheduler, 'fails-on-13'), column(1), 1, deadlineIn())), [21])
})

t.test('the end of the server refuses what is left', async (t) => {
  const queue = await open(scheduler, 'fails-on-13')
  const runs = holdRuns(bench, slow)
  const begun = runs.begun()
  const left = [codeOf(runSlow()), codeOf(scheduler.submit(queue, column(1), 1, deadlineIn()))]
  await begun
  await scheduler.stop()
  t.same(await Promise.all(left), ['DRAINING', 'DRAINING'])
  runs.release()
  t.equal(await codeOf(scheduler.submit(queue, column(1), 1, deadlineIn())), 'DRAINING')
})
