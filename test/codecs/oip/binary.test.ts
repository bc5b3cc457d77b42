import t, { type Test } from 'tap'
import { decodeRaw, decodeText, encodeRaw } from '../../../codecs/oip/binary.js'
import { dataTypes, Generator } from './generator.js'

const where = "input 'x' for model 'm'"
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const string = (text: string) => encodeRaw({ data: [text] })

function refused (t: Test, message: string | RegExp, decode: () => unknown): void {
  t.throws(decode, { name: 'OipError', statusCode: 400, message })
}

t.test('the golden float bytes are the iris record', async (t) => {
  const bytes = hex('33 33 a3 40 00 00 60 40 33 33 b3 3f cd cc 4c 3e')
  const data = decodeRaw('float32', [1, 4], bytes, where)
  t.same(data, Float32Array.of(5.1, 3.5, 1.4, 0.2))
  t.same(encodeRaw({ data }), bytes)
})

t.test('the golden strings follow their lengths', async (t) => {
  const bytes = hex('02 00 00 00 61 62 02 00 00 00 c3 a9')
  t.same(encodeRaw({ data: ['ab', 'é'] }), bytes)
  t.same(decodeRaw('string', [2], bytes, where), ['ab', 'é'])
})

t.test('half floats are kept as bits and integers are little-endian', async (t) => {
  t.same(decodeRaw('float16', [2], hex('00 3c 00 fe'), where), Uint16Array.of(0x3c00, 0xfe00))
  t.same(decodeRaw('int64', [2], hex('ff ff ff ff ff ff ff 7f 00 00 00 00 00 00 00 80'), where), BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)))
  t.same(decodeRaw('uint16', [], hex('01 02'), where), Uint16Array.of(0x0201))
})

t.test('random tensors of every type come back bit by bit from any offset', async (t) => {
  const random = new Generator(1)
  for (let round = 0; round < 2600; round++) {
    const type = dataTypes[round % dataTypes.length] ?? 'bool'
    const tensor = random.tensor('x', type)
    const bytes = encodeRaw(tensor)
    const offset = random.below(9)
    const frame = Buffer.concat([random.bytes(offset), bytes, random.bytes(random.below(9))])
    const data = decodeRaw(type, tensor.dims, frame.subarray(offset, offset + bytes.byteLength), where)
    if (!encodeRaw({ data }).equals(bytes) || data.length !== tensor.data.length || data.constructor !== tensor.data.constructor) {
      t.fail(`${type} of shape [${tensor.dims.join()}]`)
    }
  }
})

t.test('a decoded tensor owns its memory and can be transferred', async (t) => {
  const pooled = Buffer.from([0, 0, 0, 128, 63])
  const data = decodeRaw('float32', [1], pooled.subarray(1), where)
  t.ok(data instanceof Float32Array && data.byteOffset === 0 && data.buffer.byteLength === 4)
  pooled.fill(0)
  t.same(data, Float32Array.of(1))
  t.same(structuredClone(data, { transfer: ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [] }), Float32Array.of(1))
})

t.test('bytes that do not fit the shape are refused', async (t) => {
  refused(t, "input byte size mismatch for input 'x' for model 'm'. Expected 16, got 12", () => decodeRaw('float32', [1, 4], new Uint8Array(12), where))
  refused(t, "input byte size mismatch for input 'x' for model 'm'. Expected 0, got 1", () => decodeRaw('int8', [0], new Uint8Array(1), where))
  refused(t, /Expected 8000000000000000, got 8/, () => decodeRaw('float64', [1e15], new Uint8Array(8), where))
  refused(t, /BOOL elements .* 0 or 1/, () => decodeRaw('bool', [2], Uint8Array.of(1, 2), where))
})

t.test('strings that do not fill the shape exactly are refused', async (t) => {
  refused(t, /unexpected number of string elements .* expecting 2/, () => decodeRaw('string', [2], string('ab'), where))
  refused(t, /unexpected number of string elements .* expecting 0/, () => decodeRaw('string', [0], string('ab'), where))
  refused(t, /unexpected number of string elements/, () => decodeRaw('string', [1e15], string('ab'), where))
  refused(t, /incomplete BYTES element 0/, () => decodeRaw('string', [1], string('ab').subarray(0, 5), where))
  refused(t, /incomplete BYTES element 1/, () => decodeRaw('string', [1], Buffer.concat([string('ab'), hex('00 00')]), where))
  refused(t, /incomplete BYTES element 0/, () => decodeRaw('string', [1], hex('ff ff ff ff 61'), where))
  t.same(decodeRaw('string', [0, 3], new Uint8Array(0), where), [])
})

t.test('a string that the model would get changed is refused', async (t) => {
  refused(t, /not UTF-8/, () => decodeText(hex('c3 28'), where))
  refused(t, /not UTF-8/, () => decodeText(hex('ed a0 80'), where))
  refused(t, /NUL/, () => decodeRaw('string', [1], string('é\0b'), where))
  t.equal(decodeText(hex('ef bb bf 61'), where), '\ufeffa')
})
