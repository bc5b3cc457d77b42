import type { Feature, FeatureType, FeatureValue, InputLayout } from '../specification.js'
import { elementCount } from '../tensor.js'
import type { DataType, TensorSpec } from '../tensor.js'

export type ValueKind = 'number' | 'integer' | 'boolean' | 'string' | 'category'

/** A member of a record, or an element of a row, resolved against the tensor that it fills. */
export interface RecordField {
  name: string
  /** What each of its values is in JSON. */
  kind: ValueKind
  type: DataType
  /** Index into `InputLayout.inputs`. */
  input: number
  /** Index among the fields of the layout. */
  position: number
  /** First element it fills within a row of that tensor. */
  column: number
  /** Elements it fills; -1 when only the request tells. */
  size: number
  /** Absent for a single value; an unknown dimension is -1. */
  shape?: number[]
  required: boolean
  /** null may stand for the whole value. */
  nullable: boolean
  /** null may stand for an element of a vector, as NaN, or for which. */
  nullableElements: boolean | boolean[]
  default?: FeatureValue
  /** Position of each category, which is its number in a tensor of numbers. */
  categories?: ReadonlyMap<unknown, number>
  /** Its name is found on every object, so that only an own property counts. */
  inherited: boolean
  /** Absent when nothing names the columns and the field is a whole input. */
  feature?: Feature
}

export const integerTypes: ReadonlySet<DataType> = new Set(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'])
const floatTypes: ReadonlySet<DataType> = new Set(['float16', 'float32', 'float64'])

/**
 * The fields of a layout: its features, else its inputs by name.
 * Throws an Error, for the model's operator, when a feature cannot be put into its tensor.
 */
export function resolveFields (layout: InputLayout): RecordField[] {
  const fields = layout.features?.map((feature, position) => resolveFeature(feature, position, layout.inputs)) ?? layout.inputs.map((spec, input) => resolveInput(spec, input, layout.acceptsMissing ?? true))
  for (const { name } of fields) {
    if (name === '__proto__') throw new Error("A feature or input cannot be called '__proto__'")
  }
  return fields
}

function resolveFeature (feature: Feature, position: number, inputs: TensorSpec[]): RecordField {
  const type = inputs[feature.input]?.type
  if (type === undefined) throw new Error(`Feature '${feature.name}' belongs to input ${feature.input}, which the model does not have`)
  const missing = feature.default === undefined || feature.default === null
  const acceptsMissing = feature.acceptsMissing === true || feature.default === null
  const field: RecordField = {
    name: feature.name,
    kind: resolveKind(feature, type),
    type,
    input: feature.input,
    position,
    column: feature.column,
    size: feature.size,
    required: feature.default === undefined && !acceptsMissing,
    nullable: acceptsMissing || feature.nullable === true || (!missing && feature.acceptsMissing !== false),
    nullableElements: acceptsMissing && floatTypes.has(type),
    inherited: feature.name in Object.prototype,
    feature
  }
  if (feature.type === 'vector') field.shape = feature.shape ?? [feature.size]
  if (feature.categories !== undefined) field.categories = new Map(feature.categories.map((category, index) => [category, index]))
  if (feature.default !== undefined && feature.default !== null) field.default = feature.default
  check(field, acceptsMissing && missing)
  return field
}

function resolveInput ({ name, type, dims }: TensorSpec, input: number, acceptsMissing: boolean | boolean[]): RecordField {
  const shape = dims.slice(1)
  const nullable = floatTypes.has(type) && acceptsMissing
  const field: RecordField = {
    name,
    kind: elementKind('vector', type),
    type,
    input,
    position: input,
    column: 0,
    size: shape.includes(-1) ? -1 : elementCount(shape),
    required: true,
    nullable: shape.length === 0 && nullable === true,
    nullableElements: nullable,
    inherited: name in Object.prototype
  }
  if (shape.length > 0) field.shape = shape
  return field
}

function resolveKind (feature: Feature, type: DataType): ValueKind {
  if (feature.type === 'category') {
    if (feature.categories === undefined || feature.categories.length === 0) throw new Error(`Feature '${feature.name}' is a category without categories`)
    return 'category'
  }
  if (feature.type === 'string' && type !== 'string') throw new Error(`Feature '${feature.name}' is a string, but its input holds ${type}`)
  return elementKind(feature.type, type)
}

function elementKind (declared: FeatureType, type: DataType): ValueKind {
  if (declared === 'boolean' || type === 'bool') return 'boolean'
  if (integerTypes.has(type) || declared === 'integer') return 'integer'
  if (type === 'string' && declared !== 'numeric') return 'string'
  return 'number'
}

function check (field: RecordField, mayBeAbsent: boolean): void {
  if (mayBeAbsent && !floatTypes.has(field.type) && field.type !== 'string') {
    throw new Error(`Feature '${field.name}' accepts missing values, but its input holds ${field.type}, which has none`)
  }
  if (field.default !== undefined && !isDefault(field)) {
    throw new Error(`The default of feature '${field.name}' is not a ${field.kind}: ${JSON.stringify(field.default)}`)
  }
}

function isDefault ({ kind, type, categories, default: value }: RecordField): boolean {
  switch (kind) {
    case 'number': return typeof value === 'number'
    case 'integer': return Number.isSafeInteger(value) || (type.endsWith('int64') && typeof value === 'string' && /^-?[0-9]+$/.test(value))
    case 'category': return categories?.has(value) === true
    case 'boolean': return typeof value === 'boolean'
    case 'string': return typeof value === 'string'
  }
}
