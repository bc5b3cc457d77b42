import t from 'tap'
import { canMerge, merge, slice } from '../../codecs/batches.js'
import type { DataType, Tensor, TensorData } from '../../codecs/tensor.js'

function tensor (dims: number[], data: TensorData, type: DataType = 'float32', name = 'x'): Tensor {
  return { name, type, dims, data }
}

const floats = (dims: number[], ...values: number[]): Tensor => tensor(dims, Float32Array.from(values))

t.test('requests whose tensors agree in all but the first dimension may share a run', async (t) => {
  t.ok(canMerge([floats([1, 2], 1, 2)], [floats([3, 2], 1, 2, 3, 4, 5, 6)]))
  t.ok(canMerge([floats([2], 1, 2)], [floats([1], 3)]))
  t.ok(canMerge([], []))
})

t.test('requests that differ in type, width, rank or number of inputs may not', async (t) => {
  const one = floats([1, 2], 1, 2)
  t.notOk(canMerge([one], [tensor([1, 2], Float64Array.of(1, 2), 'float64')]))
  t.notOk(canMerge([one], [floats([1, 3], 1, 2, 3)]))
  t.notOk(canMerge([one], [floats([2], 1, 2)]))
  t.notOk(canMerge([one], [floats([1, 2, 1], 1, 2)]))
  t.notOk(canMerge([one], [one, one]))
  t.notOk(canMerge([one, one], [one]))
})

t.test('a request whose inputs have unequal numbers of rows shares no run, because it would shift the rows of others', async (t) => {
  const crooked = [floats([2, 1], 1, 2), floats([1, 1], 1)]
  const mirrored = [floats([1, 1], 1), floats([2, 1], 1, 2)]
  const straight = [floats([1, 1], 1), floats([1, 1], 1)]
  t.notOk(canMerge(crooked, mirrored))
  t.notOk(canMerge(straight, crooked))
  t.notOk(canMerge(crooked, straight))
})

t.test('scalars have no rows and are never merged', async (t) => {
  t.notOk(canMerge([floats([], 1)], [floats([], 2)]))
})

t.test('merging puts the rows of every request behind one another, input by input', async (t) => {
  const merged = merge([
    [floats([1, 2], 1, 2), tensor([1, 1], ['a'], 'string', 's')],
    [floats([2, 2], 3, 4, 5, 6), tensor([2, 1], ['b', 'c'], 'string', 's')]
  ])
  t.same(merged, [floats([3, 2], 1, 2, 3, 4, 5, 6), tensor([3, 1], ['a', 'b', 'c'], 'string', 's')])
})

t.test('merging and slicing give every request its own rows back, whatever the type', async (t) => {
  const samples: Record<string, TensorData[]> = {
    float32: [Float32Array.of(1, 2), Float32Array.of(3, 4, 5, 6)],
    float16: [Uint16Array.of(1, 2), Uint16Array.of(3, 4, 5, 6)],
    bool: [Uint8Array.of(0, 1), Uint8Array.of(1, 1, 0, 0)],
    int64: [BigInt64Array.of(1n, -(2n ** 63n)), BigInt64Array.of(3n, 4n, 5n, 6n)],
    uint64: [BigUint64Array.of(1n, 2n ** 64n - 1n), BigUint64Array.of(3n, 4n, 5n, 6n)],
    string: [['', 'été'], ['a', 'b', 'c', 'd']]
  }
  for (const [type, data] of Object.entries(samples)) {
    const requests = data.map((part) => [tensor([part.length / 2, 2], part, type as DataType)])
    const merged = merge(requests)
    t.same(slice(merged, 0, 1, 3), requests[0], type)
    t.same(slice(merged, 1, 2, 3), requests[1], type)
  }
})

t.test('a part of the merged memory does not reach into its neighbours', async (t) => {
  const merged = merge([[floats([1, 1], 1)], [floats([1, 1], 2)]])
  const [part] = slice(merged, 1, 1, 2) ?? []
  t.equal(part?.data.length, 1)
  t.equal(part?.data[0], 2)
})

t.test('an output that has not one entry per row cannot be sliced', async (t) => {
  t.equal(slice([floats([2, 1], 1, 2), floats([1], 9)], 0, 1, 2), undefined)
  t.equal(slice([floats([], 9)], 0, 1, 1), undefined)
})

t.test('requests without rows take part without taking anything', async (t) => {
  const merged = merge([[floats([0, 2])], [floats([1, 2], 1, 2)]])
  t.same(slice(merged, 0, 0, 1), [floats([0, 2])])
  t.same(slice(merged, 0, 1, 1), [floats([1, 2], 1, 2)])
})
