import t from 'tap'
import { WaitingMemory } from '../../../plugins/inference/waiting-memory.js'
import { codeOf, column, deadlineIn, open, slowRows, startBench, values } from './lanes.js'

t.test('what waits is bounded in bytes over all models, and a single request may be larger', async (t) => {
  const { scheduler } = startBench(t, 1, { memory: new WaitingMemory(12) })
  const [one, other, slow] = [await open(scheduler, 'fails-on-13'), await open(scheduler, 'fails-on-13'), await open(scheduler, 'slow')] as const
  const busy = scheduler.submit(slow, slowRows(100), 100, deadlineIn())
  t.equal(slow.rowsWaiting, 0, 'the only thread runs it')

  const gone = deadlineIn()
  const large = codeOf(scheduler.submit(one, column(1, 2, 3, 4, 5), 5, gone))
  t.equal(await codeOf(scheduler.submit(other, column(1), 1, deadlineIn())), 'OVERLOADED')
  t.equal(other.statistics.failures.get('OVERLOADED'), 1)
  gone.cancel()
  t.equal(await large, 'CLIENT_GONE')

  const fitting = [scheduler.submit(one, column(1, 2), 2, deadlineIn()), scheduler.submit(other, column(3), 1, deadlineIn())]
  t.equal(await codeOf(scheduler.submit(one, column(4), 1, deadlineIn())), 'OVERLOADED')
  t.same((await Promise.all(fitting)).map(values), [[21, 22], [23]])
  t.same(values(await scheduler.submit(one, column(1, 2, 3, 4, 5), 5, deadlineIn())), [21, 22, 23, 24, 25])
  await busy
})
