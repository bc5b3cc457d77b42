import type { RecordField } from './record-fields.js'
import { elementCount } from '../tensor.js'
import type { TensorSpec } from '../tensor.js'

/** How fields fill one tensor. */
export interface TensorPlan {
  spec: TensorSpec
  fields: [RecordField, ...RecordField[]]
  /** Elements per row. */
  stride: number
  /** Dimensions behind the batch dimension; absent when only the request tells. */
  tail?: number[]
}

/** The plan of one input. Throws an Error, for the model's operator, when the fields do not fill it exactly. */
export function planTensor (spec: TensorSpec, fields: RecordField[]): TensorPlan {
  const [first, ...others] = fields
  if (first === undefined) throw new Error(`No feature fills input '${spec.name}'`)
  const all: TensorPlan['fields'] = [first, ...others]
  if (first.size < 0) return { spec, fields: all, stride: -1 }
  const stride = all.reduce((sum, field) => sum + field.size, 0)
  const declared = spec.dims.slice(1)
  if (declared.includes(-1)) return { spec, fields: all, stride, tail: others.length === 0 && first.shape?.length === declared.length ? first.shape : [stride] }
  const width = elementCount(declared)
  if (width !== stride) throw new Error(`The features of input '${spec.name}' fill ${stride} of its ${width} elements`)
  return { spec, fields: all, stride, tail: declared }
}
