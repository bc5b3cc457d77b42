import { decodeText } from './binary.js'
import { oipDatatype } from './datatypes.js'
import { OipError } from './error.js'
import { decodeValues } from './values.js'
import { elementCount, type DataType, type Tensor, type TensorData } from '../tensor.js'

/** An InferTensorContents message; 64-bit integers may be strings of digits. */
export interface TensorContents {
  bool_contents?: readonly boolean[]
  int_contents?: readonly number[]
  int64_contents?: readonly (string | bigint)[]
  uint_contents?: readonly number[]
  uint64_contents?: readonly (string | bigint)[]
  fp32_contents?: readonly number[]
  fp64_contents?: readonly number[]
  bytes_contents?: readonly Uint8Array[]
}

const contentFields = {
  bool: 'bool_contents',
  int8: 'int_contents',
  int16: 'int_contents',
  int32: 'int_contents',
  int64: 'int64_contents',
  uint8: 'uint_contents',
  uint16: 'uint_contents',
  uint32: 'uint_contents',
  uint64: 'uint64_contents',
  float32: 'fp32_contents',
  float64: 'fp64_contents',
  string: 'bytes_contents'
} as const satisfies Record<Exclude<DataType, 'float16'>, keyof TensorContents>

/**
 * Elements of a tensor from the typed fields of a gRPC message. `where` names the input in messages. Throws OipError when
 * the elements are in another field than the datatype's, are out of its range or are not as many as `dims` say.
 */
export function decodeContents (type: DataType, dims: readonly number[], contents: TensorContents, where: string): TensorData {
  if (type === 'float16') throw new OipError(`FP16 data must be in raw_input_contents for ${where}`)
  const field = contentFields[type]
  for (const other of new Set(Object.values(contentFields))) {
    if (other !== field && contents[other]?.length) throw new OipError(`unexpected explicit tensor data in ${other} for ${where}, expected ${field} for datatype '${oipDatatype(type)}'`)
  }
  switch (type) {
    case 'int64':
      return BigInt64Array.from(take(dims, where, contents.int64_contents), BigInt)
    case 'uint64':
      return BigUint64Array.from(take(dims, where, contents.uint64_contents), BigInt)
    case 'string':
      return take(dims, where, contents.bytes_contents).map((bytes) => decodeText(bytes, where))
    // Unlike JSON a message holds NaN and infinities as they are, and no number that is too large.
    case 'float32':
      return Float32Array.from(take(dims, where, contents.fp32_contents))
    case 'float64':
      return Float64Array.from(take(dims, where, contents.fp64_contents))
    default:
      return decodeValues(type, dims, take<unknown>(dims, where, contents[field]), where)
  }
}

/** The typed fields of a tensor; undefined for FP16, which travels as raw bytes only. */
export function encodeContents ({ type, data }: Pick<Tensor, 'type' | 'data'>): TensorContents | undefined {
  if (type === 'float16') return undefined
  const field = contentFields[type]
  if (Array.isArray(data)) return { [field]: data.map((text) => Buffer.from(text)) }
  if (type === 'bool') return { [field]: Array.from(data, Boolean) }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return { [field]: Array.from(data, String) }
  return { [field]: Array.from(data) }
}

function take<T> (dims: readonly number[], where: string, values: readonly T[] = []): readonly T[] {
  const count = elementCount(dims)
  if (values.length === 0 && count > 0) throw new OipError(`unable to find data for ${where}`)
  if (values.length !== count) throw new OipError(`unexpected number of elements ${values.length} for ${where}, expecting ${count}`)
  return values
}
