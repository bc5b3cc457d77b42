import type { Feature } from '../../../codecs/specification.js'
import { elementCount, type DataType, type TensorSpec } from '../../../codecs/tensor.js'
import type { Background } from '../../../schemas/background.js'
import { findProblem } from './feature.js'

/** Longer vectors have no example: a document of them would be of no use to anybody. */
const MAX_EXAMPLE = 64

/** A plausible value of a feature: its default, that of the first background row, or one from the middle of what it may be. */
export function exemplify (feature: Feature, tensor: DataType, background?: Background): unknown {
  if (feature.default !== undefined && feature.default !== null) return feature.default
  if (feature.type === 'vector') return feature.size > MAX_EXAMPLE ? undefined : fill(feature.shape ?? [feature.size], blank(tensor))
  const seen = background?.rows[0]?.[background.columns.indexOf(feature.name)]
  if (seen !== undefined && seen !== null && findProblem(seen, feature, tensor) === undefined) return seen
  return feature.categories?.[0] ?? (feature.type === 'numeric' || feature.type === 'integer' ? middle(feature) : blank(feature.type === 'boolean' ? 'bool' : tensor))
}

/** The same for one row of an input whose columns nothing names: blanks, nested as its shape says. Undefined where the graph leaves a dimension open. */
export function exemplifyInput ({ type, dims: [, ...shape] }: TensorSpec): unknown {
  return shape.includes(-1) || elementCount(shape) > MAX_EXAMPLE ? undefined : fill(shape, blank(type))
}

function middle ({ type, minimum, maximum }: Feature): number {
  const value = minimum !== undefined && maximum !== undefined ? minimum + (maximum - minimum) / 2 : Math.min(Math.max(0, minimum ?? 0), maximum ?? Infinity)
  return type === 'integer' ? Math.ceil(value) : value
}

/** The emptiest value of a tensor. */
export function blank (tensor: DataType): unknown {
  if (tensor === 'string') return ''
  return tensor === 'bool' ? false : 0
}

function fill (shape: number[], value: unknown): unknown {
  const [length, ...rest] = shape
  return length === undefined ? value : Array.from({ length }, () => fill(rest, value))
}
