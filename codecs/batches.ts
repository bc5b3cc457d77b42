import { allocate } from './tensor.js'
import type { Tensor, TensorData } from './tensor.js'

/** Whether two requests may share a run: their tensors agree in all but the first dimension, which is one number throughout a request. */
export function canMerge (a: Tensor[], b: Tensor[]): boolean {
  if (a.length !== b.length) return false
  for (const [index, tensor] of a.entries()) {
    const other = b[index]
    // Inputs of unequal length would shift the rows of everyone behind them.
    if (other === undefined || tensor.dims[0] !== a[0]?.dims[0] || other.dims[0] !== b[0]?.dims[0] || !sameRowShape(tensor, other)) return false
  }
  return true
}

/** One tensor per input, the rows of every request behind one another. */
export function merge (requests: Tensor[][]): Tensor[] {
  const [first = []] = requests
  return first.map((template, index) => {
    const parts = requests.map((inputs) => inputs[index] ?? template)
    const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 1), 0)
    return { ...template, dims: [rows, ...template.dims.slice(1)], data: concatenate(template, parts) }
  })
}

/** The rows `[start, start + count)` of every output; undefined when an output has not one entry per row of the batch. */
export function slice (outputs: Tensor[], start: number, count: number, total: number): Tensor[] | undefined {
  if (outputs.some((output) => output.dims[0] !== total)) return undefined
  return outputs.map((output) => {
    const stride = output.data.length / total
    const dims = [count, ...output.dims.slice(1)]
    return { ...output, dims, data: cut(output.data, start * stride, (start + count) * stride) }
  })
}

function sameRowShape (a: Tensor, b: Tensor): boolean {
  if (a.type !== b.type || a.dims.length === 0 || a.dims.length !== b.dims.length) return false
  for (let i = 1; i < a.dims.length; i++) if (a.dims[i] !== b.dims[i]) return false
  return true
}

function concatenate (template: Tensor, parts: Tensor[]): TensorData {
  const length = parts.reduce((sum, part) => sum + part.data.length, 0)
  const target = allocate(template.type, length)
  let offset = 0
  for (const { data } of parts) {
    if (Array.isArray(target)) for (let i = 0; i < data.length; i++) target[offset + i] = data[i] as string
    else target.set(data as never, offset)
    offset += data.length
  }
  return target
}

function cut (data: TensorData, start: number, end: number): TensorData {
  return Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end)
}
