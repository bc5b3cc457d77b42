import { InferenceError } from '../../../errors.js'
import { fromFloat16Bits } from '../../../codecs/float16.js'
import { toJsonInteger } from '../../../codecs/int64.js'
import type { Tensor } from '../../../codecs/tensor.js'

/** A JSON value that a model's outputs can become. */
export type OutputValue = string | number | boolean | null | OutputValue[] | { [name: string]: OutputValue }

/** Elements that one record has in an output. */
export function rowSize ({ dims }: Tensor): number {
  let size = 1
  for (let axis = 1; axis < dims.length; axis++) size *= dims[axis] ?? 1
  return size
}

/** One element as JSON: long integers as decimal strings, never -0. */
export function readElement ({ type, data }: Tensor, at: number): string | number {
  if (Array.isArray(data)) return data[at] ?? ''
  const value = data[at]
  if (typeof value === 'bigint') return toJsonInteger(value)
  // Adding 0 turns -0 into 0.
  return (type === 'float16' ? fromFloat16Bits(value ?? 0) : value ?? 0) + 0
}

/** An output that has the given row. Throws InferenceError, with the reason as its cause, when the model gave none. */
export function takeOutput (outputs: Tensor[], index: number, row: number, modelName: string): Tensor {
  const tensor = outputs[index]
  if (tensor !== undefined && row < (tensor.dims[0] ?? 1)) return tensor
  throw misfit(modelName, `output ${index} has dimensions [${tensor?.dims.join(', ') ?? 'none'}] and no row ${row}`)
}

/** The error for outputs that do not fit the request or the specification. */
export function misfit (modelName: string, reason: string): Error {
  return Object.assign(new InferenceError(modelName), { cause: new Error(reason) })
}

/** All that one record has in an output: a single value or lists nested as the output is; `declared` dimensions decide between x and [x]. */
export function readRow (tensor: Tensor, row: number, declared: readonly number[]): OutputValue {
  const shape = tensor.dims.slice(1)
  if (shape.length === 1 && shape[0] === 1 && declared[1] === 1) shape.pop()
  return nest(tensor, row * rowSize(tensor), shape)
}

/** All elements of an output, nested as it is. */
export function readAll (tensor: Tensor): OutputValue {
  return nest(tensor, 0, tensor.dims)
}

function nest (tensor: Tensor, at: number, shape: readonly number[]): OutputValue {
  const [length, ...inner] = shape
  if (length === undefined) {
    const value = readElement(tensor, at)
    return tensor.type === 'bool' ? value === 1 : value
  }
  const step = inner.reduce((size, dim) => size * dim, 1)
  return Array.from({ length }, (_, index) => nest(tensor, at + index * step, inner))
}

/** Whether every number in a value is finite. */
export function isFiniteValue (value: OutputValue): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  return (Array.isArray(value) ? value : Object.values(value)).every(isFiniteValue)
}
