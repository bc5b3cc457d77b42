import type { Feature, FeatureType } from '../../../codecs/specification.js'
import { arrayTypes, elementCount, type DataType, type TensorSpec } from '../../../codecs/tensor.js'
import type { FeatureMetadata } from '../../../schemas/metadata.js'
import { SpecificationError } from './error.js'

/** A feature as somebody declared it; `field` is where, for messages. */
export interface DeclaredFeature {
  field: string
  feature: FeatureMetadata
}

type Family = 'float' | 'integer' | 'bool' | 'string'

/** Tensors that each type of feature can be put into; a category is its index there, or itself in a tensor of strings. */
const families: Record<FeatureType, Family[]> = {
  numeric: ['float', 'integer'],
  integer: ['float', 'integer'],
  boolean: ['float', 'integer', 'bool'],
  string: ['string'],
  category: ['float', 'integer', 'string'],
  vector: ['float', 'integer', 'bool', 'string']
}

/** `_data` and `_samples` have a meaning of their own in a request body. */
export const reservedNames: ReadonlySet<string> = new Set(['_data', '_samples', '__proto__'])

export function familyOf (type: DataType): Family {
  if (type === 'bool' || type === 'string') return type
  return type.startsWith('float') ? 'float' : 'integer'
}

/** Elements that a declared feature fills; a vector must have a shape, its own or that of the input it has for itself. */
export function sizeOf ({ field, feature }: DeclaredFeature, own?: number[]): { size: number, shape?: number[] } {
  if (feature.type !== 'vector') return { size: 1 }
  const shape = feature.shape ?? (own?.includes(-1) ? undefined : own)
  if (!shape) throw new SpecificationError(`${field}.shape`, `the vector '${feature.name}' needs a shape`)
  return { size: elementCount(shape), shape }
}

/** Checks a declared feature against the tensor it goes into, and resolves all but its place there. Warnings are appended. */
export function resolveFeature (declared: DeclaredFeature, spec: TensorSpec, warnings: string[]): Omit<Feature, 'input' | 'column' | 'size' | 'shape'> {
  const { field, feature } = declared
  checkType(declared, spec)
  const { name, description, unit, importance, minimum, maximum, categories } = feature
  const whole = feature.type === 'numeric' && familyOf(spec.type) === 'integer'
  if (whole) warnings.push(`${field}.type: '${name}' is numeric, but '${spec.name}' holds ${spec.type}: it takes whole numbers only`)
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) throw new SpecificationError(`${field}.minimum`, `${minimum} is above the maximum ${maximum}`)
  const resolved = {
    name,
    type: resolveType(feature, whole),
    ...(feature.accepts_missing !== undefined && { acceptsMissing: feature.accepts_missing }),
    ...(categories && { categories }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(description !== undefined && { description }),
    ...(unit !== undefined && { unit }),
    ...(importance !== undefined && { importance })
  }
  checkMissing(declared, spec)
  if (feature.default === undefined) return resolved
  if (feature.default !== null) checkDefault(declared, resolved.type, spec)
  return { ...resolved, default: feature.default }
}

function resolveType ({ type, categories }: FeatureMetadata, whole: boolean): FeatureType {
  if (whole) return 'integer'
  return type === 'string' && categories !== undefined ? 'category' : type
}

function checkType ({ field, feature }: DeclaredFeature, spec: TensorSpec): void {
  if (reservedNames.has(feature.name)) throw new SpecificationError(`${field}.name`, `no feature may be called '${feature.name}'`)
  if (!Object.hasOwn(families, feature.type ?? '')) {
    throw new SpecificationError(`${field}.type`, `'${feature.name}' needs a type: one of ${Object.keys(families).join(', ')}`)
  }
  if (!families[feature.type].includes(familyOf(spec.type))) {
    throw new SpecificationError(`${field}.type`, `'${feature.name}' is ${feature.type}, but the input '${spec.name}' holds ${spec.type}`)
  }
  if (feature.type === 'category' && !feature.categories?.length) {
    throw new SpecificationError(`${field}.categories`, `'${feature.name}' is a category without categories`)
  }
  if (feature.categories !== undefined && feature.type !== 'category' && feature.type !== 'string') {
    throw new SpecificationError(`${field}.categories`, `'${feature.name}' is ${feature.type}, and only a category or a string has categories`)
  }
}

function checkMissing ({ field, feature }: DeclaredFeature, spec: TensorSpec): void {
  const family = familyOf(spec.type)
  const explicit = feature.accepts_missing === true && feature.default === undefined
  if ((explicit || feature.default === null) && (family === 'integer' || family === 'bool')) {
    const key = explicit ? 'accepts_missing' : 'default'
    throw new SpecificationError(`${field}.${key}`, `the input '${spec.name}' holds ${spec.type}, which has no missing value: '${feature.name}' needs a default`)
  }
}

function checkDefault ({ field, feature }: DeclaredFeature, type: FeatureType, spec: TensorSpec): void {
  const problem = findProblem(feature.default, { ...feature, type }, spec.type)
  if (problem) throw new SpecificationError(`${field}.default`, `${JSON.stringify(feature.default)} of '${feature.name}' ${problem}`)
}

/** Why a value is none that the feature may take; undefined when it is. */
export function findProblem (value: unknown, feature: Pick<Feature, 'type' | 'categories' | 'minimum' | 'maximum'>, tensor: DataType): string | undefined {
  const { type, categories, minimum, maximum } = feature
  if (type === 'vector') return 'cannot stand for a vector'
  if (categories && !categories.some((category) => category === value)) return 'is none of the categories'
  if (type === 'category') return undefined
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'is not a boolean'
  if (type === 'string') return typeof value === 'string' ? undefined : 'is not a string'
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'is not a number'
  if (type === 'integer' && !Number.isSafeInteger(value)) return 'is not an integer'
  if (minimum !== undefined && value < minimum) return `is below the minimum ${minimum}`
  if (maximum !== undefined && value > maximum) return `is above the maximum ${maximum}`
  return fits(value, tensor) ? undefined : `does not fit ${tensor}`
}

function fits (value: number, type: DataType): boolean {
  if (type === 'string' || familyOf(type) !== 'integer') return true
  const bits = arrayTypes[type].BYTES_PER_ELEMENT * 8
  return type.startsWith('u') ? value >= 0 && value < 2 ** bits : value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1)
}
