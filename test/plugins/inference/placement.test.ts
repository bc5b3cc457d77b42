import t from 'tap'
import { holdRuns } from './held-runs.js'
import { column, deadlineIn, open, startBench, values } from './lanes.js'

t.test('models whose thread is held up by another one go on, on an idle thread', async (t) => {
  const bench = startBench(t, 2)
  const { scheduler } = bench
  const stuck = await open(scheduler, 'fails-on-13')
  // Of four models on two threads one at least shares that of the first.
  const others = [await open(scheduler, 'fails-on-13'), await open(scheduler, 'fails-on-13'), await open(scheduler, 'fails-on-13')]
  const held = holdRuns(bench, stuck)
  const begun = held.begun()
  const waiting = scheduler.submit(stuck, column(1), 1, deadlineIn())
  await begun
  const outcomes = await Promise.all(others.map((queue) => scheduler.submit(queue, column(2), 1, deadlineIn())))
  t.same(outcomes.map(values), [[22], [22], [22]])
  t.equal(bench.threads.size, 2, 'no thread was given up for it')
  held.release()
  t.same(values(await waiting), [21])
})
