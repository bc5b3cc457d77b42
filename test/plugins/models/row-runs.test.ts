import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { runRows } from '../../../plugins/models/row-runs.js'

t.test('rows run a window at a time and come back in order', async (t) => {
  for (const [rows, queueRows, most] of [[1, 8, 1], [20, 8, 8], [100, 1024, 32], [32, 32, 32], [5, 1, 1]] as const) {
    let running = 0
    let peak = 0
    const results = await runRows(rows, queueRows, async (row) => {
      peak = Math.max(peak, ++running)
      await turn()
      running--
      return row
    })
    t.same(results, Array.from({ length: rows }, (_, row) => row))
    t.equal(peak, most)
  }
})

t.test('after a row that failed no further window begins', async (t) => {
  const begun: number[] = []
  await t.rejects(runRows(20, 4, async (row) => {
    begun.push(row)
    if (row === 5) throw new Error('no')
  }), { message: 'no' })
  t.same(begun, [0, 1, 2, 3, 4, 5, 6, 7])
})
