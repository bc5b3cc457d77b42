import { allocate } from './tensor.js'
import type { Tensor, TensorData } from './tensor.js'

/** Whether two requests may share a run: their tensors agree in all but the first dimension, which is one number throughout a request. */
export function canMerge (a: Tensor[], b: Tensor[]): boolean {
  if (a.length !== b.length) return false
  const aRows = a[0]?.dims[0]
  const bRows = b[0]?.dims[0]
  for (let index = 0; index < a.length; index++) {
    const tensor = a[index]
    const other = b[index]
    // Inputs of unequal length would shift the rows of everyone behind them.
    if (tensor === undefined || other === undefined || tensor.dims[0] !== aRows || other.dims[0] !== bRows || !sameRowShape(tensor, other)) return false
  }
  return true
}

/** Bytes that tensors take; of strings their characters, one byte for each. */
export function byteLength (tensors: Tensor[]): number {
  let bytes = 0
  for (const { data } of tensors) {
    if (Array.isArray(data)) for (const text of data) bytes += text.length
    else bytes += data.byteLength
  }
  return bytes
}

/** One tensor per input, the rows of every request behind one another. */
export function merge (requests: Tensor[][]): Tensor[] {
  const [first = []] = requests
  return first.map((template, index) => {
    let rows = 0
    let length = 0
    for (const inputs of requests) {
      const part = inputs[index] ?? template
      rows += part.dims[0] ?? 1
      length += part.data.length
    }
    const data = allocate(template.type, length)
    let offset = 0
    for (const inputs of requests) offset += append(data, offset, (inputs[index] ?? template).data)
    return { name: template.name, type: template.type, dims: [rows, ...template.dims.slice(1)], data }
  })
}

// Arrays of up to this many bytes live on V8's own heap; asking for their buffer would move them off it.
const onHeapBytes = 64

/** A tensor that does not share its memory: a thread is sent the whole buffer of an array, other rows of the same request included. */
export function detach (tensor: Tensor): Tensor {
  const { data } = tensor
  if (Array.isArray(data) || data.byteLength <= onHeapBytes || data.byteLength === data.buffer.byteLength) return tensor
  return { ...tensor, data: data.slice() }
}

/** Whether every output has one entry per row, so that it can be shared out. */
export function hasRows (outputs: Tensor[], rows: number): boolean {
  return outputs.every((output) => output.dims[0] === rows)
}

/** The rows `[start, start + count)` of every output; undefined when an output has not one entry per row of the batch. */
export function slice (outputs: Tensor[], start: number, count: number, total: number): Tensor[] | undefined {
  if (!hasRows(outputs, total)) return undefined
  return outputs.map((output) => {
    const stride = output.data.length / total
    const dims = [count, ...output.dims.slice(1)]
    return { ...output, dims, data: cut(output.data, start * stride, (start + count) * stride) }
  })
}

/** One row of every input, in memory of its own. */
export function copyRow (inputs: Tensor[], row: number, total: number): Tensor[] {
  return (slice(inputs, row, 1, total) ?? inputs).map((tensor) => ({ ...tensor, data: tensor.data.slice() }))
}

function sameRowShape (a: Tensor, b: Tensor): boolean {
  if (a.type !== b.type || a.dims.length === 0 || a.dims.length !== b.dims.length) return false
  for (let i = 1; i < a.dims.length; i++) if (a.dims[i] !== b.dims[i]) return false
  return true
}

function append (target: TensorData, offset: number, data: TensorData): number {
  // For a few elements the call of set() costs more than the loop.
  if (Array.isArray(target) || data.length < 32) for (let i = 0; i < data.length; i++) target[offset + i] = data[i] as never
  else target.set(data as never, offset)
  return data.length
}

function cut (data: TensorData, start: number, end: number): TensorData {
  return Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end)
}
