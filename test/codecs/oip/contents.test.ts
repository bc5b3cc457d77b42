import t from 'tap'
import { decodeContents, encodeContents } from '../../../codecs/oip/contents.js'
import { encodeRaw } from '../../../codecs/oip/binary.js'
import { dataTypes, Generator } from './generator.js'

const where = "input 'x' for model 'm'"
const empty = { bool_contents: [], int_contents: [], int64_contents: [], uint_contents: [], uint64_contents: [], fp32_contents: [], fp64_contents: [], bytes_contents: [] }

t.test('random tensors of every type come back from their typed fields', async (t) => {
  const random = new Generator(2)
  for (let round = 0; round < 1300; round++) {
    const tensor = random.tensor('x', dataTypes[round % dataTypes.length])
    const contents = encodeContents(tensor)
    if (tensor.type === 'float16') {
      t.equal(contents, undefined)
      continue
    }
    const data = decodeContents(tensor.type, tensor.dims, { ...empty, ...contents }, where)
    const same = ArrayBuffer.isView(data) && ArrayBuffer.isView(tensor.data) && tensor.type.startsWith('float')
      ? data.every((value, index) => Object.is(value, tensor.data[index]))
      : encodeRaw({ data }).equals(encodeRaw(tensor))
    if (!same || data.length !== tensor.data.length) t.fail(`${tensor.type} of shape [${tensor.dims.join()}]`)
  }
})

t.test('NaN and infinities come as they are', async (t) => {
  const values = [NaN, Infinity, -Infinity, -0]
  t.strictSame(decodeContents('float32', [4], { ...empty, fp32_contents: values }, where), Float32Array.from(values))
  t.strictSame(decodeContents('float64', [2, 2], { ...empty, fp64_contents: values }, where), Float64Array.from(values))
})

t.test('64-bit integers may be strings or bigints', async (t) => {
  t.same(decodeContents('int64', [2], { int64_contents: ['9223372036854775807', -1n] }, where), BigInt64Array.of(2n ** 63n - 1n, -1n))
  t.same(decodeContents('uint64', [1], { uint64_contents: ['18446744073709551615'] }, where), BigUint64Array.of(2n ** 64n - 1n))
})

t.test('small integers are checked for their range', async (t) => {
  t.throws(() => decodeContents('int8', [1], { int_contents: [128] }, where), { name: 'OipError', message: /must be INT8 values, got 128/ })
  t.throws(() => decodeContents('uint16', [1], { uint_contents: [65536] }, where), { name: 'OipError' })
})

t.test('data in another field, none and too much are refused', async (t) => {
  const refused = (message: RegExp, ...[type, dims, contents]: [Parameters<typeof decodeContents>[0], number[], Parameters<typeof decodeContents>[2]]) => {
    t.throws(() => decodeContents(type, dims, { ...empty, ...contents }, where), { name: 'OipError', statusCode: 400, message })
  }
  refused(/unexpected explicit tensor data in fp64_contents .* expected fp32_contents for datatype 'FP32'/, 'float32', [1], { fp64_contents: [1] })
  refused(/unexpected explicit tensor data/, 'float32', [1], { fp32_contents: [1], int_contents: [1] })
  refused(/unable to find data for input 'x'/, 'float32', [1], {})
  refused(/unexpected number of elements 2 .* expecting 1/, 'float32', [1], { fp32_contents: [1, 2] })
  refused(/unexpected number of elements 1 .* expecting 1000000000000000/, 'float32', [1e15], { fp32_contents: [1] })
  refused(/raw_input_contents/, 'float16', [1], {})
  refused(/NUL/, 'string', [1], { bytes_contents: [Buffer.from('a\0')] })
  t.same(decodeContents('string', [0], empty, where), [])
  t.same(decodeContents('int64', [0], {}, where), new BigInt64Array(0))
})
