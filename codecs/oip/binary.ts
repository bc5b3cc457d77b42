import { isUtf8 } from 'node:buffer'
import { elementBytes } from './datatypes.js'
import { OipError } from './error.js'
import { checkText } from './values.js'
import { arrayTypes, elementCount, type DataType, type Tensor, type TensorData } from '../tensor.js'

const lengthBytes = 4

/**
 * Elements of a tensor from its wire form: little-endian and row-major, or strings that each follow their length in a
 * uint32. The result owns its memory: it takes over a buffer that `bytes` fill, and copies them out of a larger one.
 * `where` names the input in messages. Throws OipError when the bytes are not as many as `dims` say.
 */
export function decodeRaw (type: DataType, dims: readonly number[], bytes: Uint8Array, where: string): TensorData {
  const count = elementCount(dims)
  if (type === 'string') return decodeStrings(count, bytes, where)
  const expected = count * elementBytes(type)
  if (bytes.byteLength !== expected) throw new OipError(`input byte size mismatch for ${where}. Expected ${expected}, got ${bytes.byteLength}`)
  if (type === 'bool' && bytes.some((value) => value > 1)) throw new OipError(`the BOOL elements of ${where} must be bytes of 0 or 1`)
  return new arrayTypes[type](ownBuffer(bytes))
}

/** Wire form of a tensor. Numeric elements are a view on the tensor's own memory, strings are written anew. */
export function encodeRaw ({ data }: Pick<Tensor, 'data'>): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const bytes = Buffer.allocUnsafeSlow(data.reduce((sum, text) => sum + lengthBytes + Buffer.byteLength(text), 0))
  let at = 0
  for (const text of data) {
    const length = bytes.write(text, at + lengthBytes)
    at = bytes.writeUInt32LE(length, at) + length
  }
  return bytes
}

/** A BYTES element as text. Throws OipError unless it is UTF-8 without NUL. */
export function decodeText (bytes: Uint8Array, where: string): string {
  if (!isUtf8(bytes)) throw new OipError(`a BYTES element of ${where} is not UTF-8, only UTF-8 text is supported`)
  return checkText(view(bytes).toString(), where)
}

function ownBuffer (bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength ? buffer : new Uint8Array(bytes).buffer
}

function decodeStrings (count: number, bytes: Uint8Array, where: string): string[] {
  const buffer = view(bytes)
  const texts: string[] = []
  let at = 0
  while (at < buffer.byteLength) {
    const start = at + lengthBytes
    const end = start <= buffer.byteLength ? start + buffer.readUInt32LE(at) : Infinity
    if (end > buffer.byteLength) throw new OipError(`incomplete BYTES element ${texts.length} of ${where}`)
    if (texts.length === count) break
    texts.push(decodeText(buffer.subarray(start, end), where))
    at = end
  }
  if (texts.length !== count || at < buffer.byteLength) throw new OipError(`unexpected number of string elements for ${where}, expecting ${count}`)
  return texts
}

function view (bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
