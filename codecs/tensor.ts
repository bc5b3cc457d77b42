/** Element types that cross every layer, by ONNX Runtime's own names. */
export type DataType =
  'float32' | 'float64' | 'float16' | 'bool' | 'string' |
  'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64'

export type TypedArray =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | BigInt64Array |
  Uint8Array | Uint16Array | Uint32Array | BigUint64Array

export type TensorData = TypedArray | string[]

/** What a graph declares for an input or output; an unknown dimension is -1. */
export interface TensorSpec {
  name: string
  type: DataType
  dims: number[]
}

/** A dense row-major tensor. `bool` is one byte per element (0 or 1), `float16` the raw bits. */
export interface Tensor extends TensorSpec {
  data: TensorData
}

/** Array type and bytes per element of each data type; strings have neither. */
export const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array
} as const satisfies Record<Exclude<DataType, 'string'>, unknown>

/** Zeroed (or empty-string) storage for `length` elements. */
export function allocate (type: DataType, length: number): TensorData {
  return type === 'string' ? new Array<string>(length).fill('') : new arrayTypes[type](length)
}

/** Number of elements of a shape; the empty shape is a scalar. */
export function elementCount (dims: readonly number[]): number {
  let count = 1
  for (const dim of dims) count *= dim
  return count
}
