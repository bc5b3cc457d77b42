import t from 'tap'
import { classify, isClassifiable } from '../../../codecs/oip/classification.js'

const scores = (dims: number[], ...values: number[]) => ({ name: 'p', type: 'float32' as const, dims, data: Float32Array.from(values) })

t.test('every row gives its highest classes first', async (t) => {
  t.strictSame(classify(scores([2, 3], 0.1, 0.7, 0.2, 0.5, 0.25, 0.25), 2), {
    name: 'p', type: 'string', dims: [2, 2], data: ['0.700000:1', '0.200000:2', '0.500000:0', '0.250000:1']
  })
  t.same(classify(scores([1, 1, 2], 1, 2), 5).dims, [1, 2])
})

t.test('a tensor of one dimension is one row and a scalar is its only class', async (t) => {
  t.strictSame(classify(scores([3], 0.1, 0.7, 0.2), 1), { name: 'p', type: 'string', dims: [1], data: ['0.700000:1'] })
  t.strictSame(classify(scores([], 3), 2).data, ['3.000000:0'])
})

t.test('labels follow the index where there are any', async (t) => {
  t.same(classify(scores([1, 3], 0.1, 0.7, 0.2), 3, ['setosa', 'versicolor']).data, ['0.700000:1:versicolor', '0.200000:2', '0.100000:0:setosa'])
})

t.test('no rows and no columns give no classes', async (t) => {
  t.strictSame(classify(scores([0, 3]), 2), { name: 'p', type: 'string', dims: [0, 0], data: [] })
  t.strictSame(classify(scores([3, 0]), 2), { name: 'p', type: 'string', dims: [3, 0], data: [] })
})

t.test('equal values keep their order, NaN comes last and integers have no decimals', async (t) => {
  t.same(classify(scores([4], 1, NaN, 1, -Infinity), 4).data, ['1.000000:0', '1.000000:2', 'nan:1', '-inf:3'])
  t.same(classify({ name: 'y', type: 'int64', dims: [3], data: BigInt64Array.of(-1n, 2n ** 62n, 3n) }, 2).data, ['4611686018427387904:1', '3:2'])
})

// Expected strings are those of C's printf("%f").
t.test('values are spelled as C does', async (t) => {
  const doubles = Float64Array.of(Infinity, 1e22, 123456789.5, 0.0234375, 0.0078125, 0.000001, 5e-324, -0.0078125)
  t.same(classify({ name: 'y', type: 'float64', dims: [8], data: doubles }, 8).data, [
    'inf:0', '10000000000000000000000.000000:1', '123456789.500000:2', '0.023438:3', '0.007812:4', '0.000001:5', '0.000000:6', '-0.007812:7'
  ])
})

t.test('what has no order is refused', async (t) => {
  for (const type of ['string', 'float16', 'bool'] as const) t.notOk(isClassifiable(type))
  t.throws(() => classify({ name: 'y', type: 'string', dims: [1], data: ['a'] }, 1), { name: 'OipError', message: "class result not available for output 'y' due to unsupported type 'BYTES'" })
})
