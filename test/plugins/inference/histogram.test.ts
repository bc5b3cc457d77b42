import t from 'tap'
import { Histogram } from '../../../plugins/inference/histogram.js'

t.test('a value belongs to the first bound that it does not exceed', async (t) => {
  const histogram = new Histogram([1, 2, 5])
  for (const value of [0, 1, 1.1, 2, 5, 5.1, 100]) histogram.observe(value)
  t.same([...histogram.counts], [2, 2, 1, 2])
  t.equal(histogram.count, 7)
  t.equal(histogram.sum, 0 + 1 + 1.1 + 2 + 5 + 5.1 + 100)
})
