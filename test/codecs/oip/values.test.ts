import t, { type Test } from 'tap'
import { decodeValues, encodeValues, needDigits } from '../../../codecs/oip/values.js'
import type { DataType, TensorData } from '../../../codecs/tensor.js'

const where = "input 'x' for model 'm'"

function decode (type: DataType, dims: number[], data: unknown[], exact: unknown[] = data): TensorData {
  return decodeValues(type, dims, needDigits(type, dims, data, where) ? exact : data, where)
}

function refused (t: Test, message: RegExp, type: DataType, dims: number[], data: unknown[]): void {
  t.throws(() => decode(type, dims, data), { name: 'OipError', statusCode: 400, message }, JSON.stringify(data))
}

t.test('flat and nested lists are the same tensor', async (t) => {
  const expected = Float32Array.of(1, 2, 3, 4, 5, 6)
  t.same(decode('float32', [2, 3], [1, 2, 3, 4, 5, 6]), expected)
  t.same(decode('float32', [2, 3], [[1, 2, 3], [4, 5, 6]]), expected)
  t.same(decode('float32', [1, 2, 3, 1], [[[[1], [2], [3]], [[4], [5], [6]]]]), expected)
  t.same(decode('float32', [1, 2, 3], [[1, 2, 3, 4, 5, 6]]), expected)
  t.same(decode('string', [2, 1], [['a'], ['b']]), ['a', 'b'])
})

t.test('empty shapes have empty lists and scalars one element', async (t) => {
  t.same(decode('float32', [0, 4], []), new Float32Array(0))
  t.same(decode('float32', [2, 0], [[], []]), new Float32Array(0))
  t.same(decode('int64', [1e15, 0], []), new BigInt64Array(0))
  t.same(decode('float32', [], [7]), Float32Array.of(7))
  refused(t, /Shape does not match/, 'float32', [0, 4], [[]])
  refused(t, /Shape does not match/, 'float32', [2, 0], [[], [], []])
})

t.test('ragged, too deep and miscounted lists are refused', async (t) => {
  refused(t, /Shape does not match true shape of 'data' field for input 'x' for model 'm'. Expected \[1,4\]/, 'float32', [1, 4], [1, 2, 3])
  refused(t, /Shape does not match/, 'float32', [2, 2], [[1, 2], [3]])
  refused(t, /Shape does not match/, 'float32', [2, 2], [[1, 2, 3], [4]])
  refused(t, /Shape does not match/, 'float32', [2, 2], [[1], [2], [3], [4]])
  refused(t, /Shape does not match/, 'float32', [2, 2], [[1, 2], 3])
  refused(t, /got a list/, 'float32', [2], [1, [2]])
  refused(t, /nested deeper than its shape \[4\]/, 'float32', [4], [[1, 2, 3, 4]])
  refused(t, /nested deeper than its shape \[\]/, 'float32', [], [[1]])
  refused(t, /Shape does not match/, 'float32', [1e15], [1])
  refused(t, /Shape does not match/, 'string', [1e15], ['a'])
  refused(t, /Shape does not match/, 'float32', [1e5, 1e5, 1e5], [[1], [1]])
})

t.test('a deep list is refused without recursion', async (t) => {
  let data: unknown[] = []
  for (let depth = 0; depth < 1e6; depth++) data = [data]
  for (const type of ['float32', 'int32', 'int64', 'string', 'bool'] as const) {
    t.throws(() => decode(type, [1], data), { message: /nested deeper/ })
    t.throws(() => decode(type, [2], [1, data]), { message: /must be/ })
  }
})

t.test('floats take numbers and null only', async (t) => {
  t.same(decode('float32', [4], [null, 'Infinity', 3.4028235e38, -0]), Float32Array.of(NaN, Infinity, 3.4028234663852886e38, -0))
  t.same(decode('float64', [2], [1e39, '-Infinity']), Float64Array.of(1e39, -Infinity))
  for (const value of [1e39, -1e39, Infinity, 3.4028235677973366e38, Number.MAX_VALUE]) refused(t, /elements of input 'x' for model 'm' must be FP32 values, got (-?\d|Infinity)/, 'float32', [1], [value])
  t.same(decode('float64', [3], [null, 5e-324, 0.1]), Float64Array.of(NaN, 5e-324, 0.1))
  refused(t, /must be FP32 values, got a string/, 'float32', [1], ['1'])
  refused(t, /must be FP64 values, got a boolean/, 'float64', [1], [true])
  refused(t, /got an object/, 'float32', [1], [{ valueOf: 1, toString: 1 }])
})

t.test('integers are whole and in range', async (t) => {
  const ranges: [DataType, number, number][] = [['int8', -128, 127], ['int16', -32768, 32767], ['int32', -2147483648, 2147483647], ['uint8', 0, 255], ['uint16', 0, 65535], ['uint32', 0, 4294967295]]
  for (const [type, lowest, highest] of ranges) {
    t.same(Array.from(decode(type, [3], [lowest, highest, -0]), Number), [lowest, highest, 0], type)
    for (const value of [lowest - 1, highest + 1, 0.5, NaN, Infinity, null, '1', true]) refused(t, /must be U?INT/, type, [1], [value])
  }
})

t.test('booleans take 0 and 1', async (t) => {
  t.same(decode('bool', [4], [true, false, 1, 0]), Uint8Array.of(1, 0, 1, 0))
  for (const value of [2, -1, 0.5, null, 'true']) refused(t, /must be BOOL values/, 'bool', [1], [value])
})

t.test('64-bit integers are exact', async (t) => {
  const digits = ['9223372036854775807', '-9223372036854775808', '9007199254740993', 5]
  t.same(decode('int64', [4], digits.map(Number), digits), BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 5n))
  t.same(decode('int64', [2, 2], [digits.slice(0, 2).map(Number), digits.slice(2).map(Number)], [digits.slice(0, 2), digits.slice(2)]), decode('int64', [4], digits.map(Number), digits))
  t.same(decode('uint64', [1], [2 ** 64], ['18446744073709551615']), BigUint64Array.of(2n ** 64n - 1n))
  t.same(decode('int64', [2], [-0, Number.MAX_SAFE_INTEGER]), BigInt64Array.of(0n, 9007199254740991n))
  for (const [type, text] of [['int64', '9223372036854775808'], ['int64', '-9223372036854775809'], ['uint64', '18446744073709551616'], ['uint64', '-9007199254740993'], ['uint64', '1'.repeat(1e5)]] as const) {
    t.throws(() => decode(type, [1], [2 ** 60], [text]), { name: 'OipError', message: /must be U?INT64/ }, text.slice(0, 30))
  }
  refused(t, /must be UINT64 values, got -1/, 'uint64', [1], [-1])
  for (const value of ['5', 1.5, null, true, 2 ** 70]) refused(t, /must be INT64/, 'int64', [1], [value])
  refused(t, /must be INT64 values, got a string/, 'int64', [2], [2 ** 60, '5'])
})

t.test('strings reach the model unchanged or not at all', async (t) => {
  t.same(decode('string', [3], ['', 'é😀', 'NaN']), ['', 'é😀', 'NaN'])
  refused(t, /NUL/, 'string', [1], ['a\0'])
  refused(t, /not well-formed/, 'string', [1], ['\ud800'])
  refused(t, /must be BYTES values, got 5/, 'string', [1], [5])
})

t.test('half floats are binary only', async (t) => {
  refused(t, /receiving FP16 data via JSON is not supported/, 'float16', [1], [1])
  t.throws(() => encodeValues({ name: 'y', type: 'float16', dims: [1], data: Uint16Array.of(1) }), { name: 'OipError', message: /sending FP16 data via JSON is not supported/ })
})

t.test('values are written as the protocol spells them', async (t) => {
  const text = (type: DataType, data: TensorData) => encodeValues({ name: 'y', type, dims: [data.length], data })
  t.equal(text('float32', Float32Array.of(0.9362527132034302, 1, 1e-45)), '[0.9362527132034302,1,1.401298464324817e-45]')
  t.equal(text('float32', Float32Array.of(NaN, Infinity, -Infinity, -0, 0.5)), '[null,null,null,-0,0.5]')
  t.equal(text('float64', Float64Array.of(1e21, 0.1)), '[1e+21,0.1]')
  t.equal(text('int64', BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n))), '[9223372036854775807,-9223372036854775808]')
  t.equal(text('uint64', BigUint64Array.of(2n ** 64n - 1n)), '[18446744073709551615]')
  t.equal(text('bool', Uint8Array.of(1, 0)), '[true,false]')
  t.equal(text('uint8', Uint8Array.of(1, 0)), '[1,0]')
  t.equal(text('string', ['a"', 'é', '\ud800']), '["a\\"","é","\\ud800"]')
  t.equal(text('float32', new Float32Array(0)), '[]')
})
