import { integerTypes, resolveFields } from './record-fields.js'
import type { RecordField } from './record-fields.js'
import type { InputLayout } from '../specification.js'
import { elementCount } from '../tensor.js'
import type { DataType } from '../tensor.js'

/** A JSON Schema (2020-12) object, as OpenAPI 3.1 takes it. */
export type JsonSchema = Record<string, unknown>

const ranges: Partial<Record<DataType, [number, number]>> = {
  float16: [-65504, 65504],
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 4294967295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER]
}

// ONNX Runtime cuts strings at NUL, and a lone surrogate has no UTF-8.
const text = { type: 'string', pattern: '^[^\\u0000\\ud800-\\udfff]*$' }

/**
 * Schema of a record: the features by name, or without features the inputs by name.
 * It both validates and documents. `additional` lets unknown names pass.
 */
export function recordSchema (layout: InputLayout, options: { additional: boolean }): JsonSchema {
  const fields = resolveFields(layout)
  const required = fields.filter((field) => field.required).map((field) => field.name)
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 && { required }),
    additionalProperties: options.additional
  }
}

/** Schema of a positional row, or undefined when the model understands none (several inputs that nothing names). */
export function rowSchema (layout: InputLayout): JsonSchema | undefined {
  const form = rowForm(resolveFields(layout), layout)
  if (form === undefined) return undefined
  if (form.whole !== undefined) return fieldSchema(form.whole)
  return {
    type: 'array',
    prefixItems: form.fields.map((field) => ({ title: field.name, ...fieldSchema(field) })),
    items: false,
    minItems: form.fields.length,
    maxItems: form.fields.length
  }
}

/** How a row is read: one element per field, or the row as a whole as the value of the only one, a vector. */
export interface RowForm {
  fields: RecordField[]
  whole?: RecordField & { shape: number[] }
  /** Elements of a flat row; absent when only the request tells. */
  length?: number
}

/** The form of the rows of a layout with these fields; undefined when it has none. */
export function rowForm (fields: RecordField[], layout: InputLayout): RowForm | undefined {
  const [only, ...others] = fields
  if (only?.shape !== undefined && others.length === 0) {
    const whole = { ...only, shape: only.shape, nullable: false }
    return { fields: [whole], whole, ...(only.size >= 0 && { length: only.size }) }
  }
  if (layout.features === undefined && others.length > 0) return undefined
  return { fields, length: fields.length }
}

/** Schema of one feature or input: its constraints and what the metadata says about it. */
export function fieldSchema (field: RecordField): JsonSchema {
  return { ...annotations(field), ...constraints(field) }
}

/** The part of a field's schema that decides; equal fields have equal constraints. */
export function constraints (field: RecordField): JsonSchema {
  if (field.shape === undefined) return allowNull(valueSchema(field), field.nullable)
  const { nullableElements } = field
  if (Array.isArray(nullableElements)) {
    const prefixItems = nullableElements.map((nullable) => allowNull(valueSchema(field), nullable))
    return { type: 'array', prefixItems, minItems: prefixItems.length, maxItems: prefixItems.length }
  }
  const element = allowNull(valueSchema(field), nullableElements)
  const nested = field.shape.reduceRight<JsonSchema>((items, length) => arraySchema(items, length), element)
  const known = field.shape.length > 1 && !field.shape.includes(-1)
  return allowNull(known ? { anyOf: [nested, arraySchema(element, elementCount(field.shape))] } : nested, field.nullable)
}

function arraySchema (items: JsonSchema, length: number): JsonSchema {
  return length < 0 ? { type: 'array', items } : { type: 'array', items, minItems: length, maxItems: length }
}

function valueSchema (field: RecordField): JsonSchema {
  switch (field.kind) {
    case 'boolean': return { type: 'boolean' }
    case 'string': return text
    case 'category': return categorySchema([...field.categories?.keys() ?? []])
    default: return numberSchema(field)
  }
}

function categorySchema (categories: unknown[]): JsonSchema {
  const [type, ...others] = new Set(categories.map((category) => typeof category))
  return others.length > 0 ? { enum: categories } : { type, enum: categories }
}

function numberSchema ({ kind, type, feature }: RecordField): JsonSchema {
  const [lowest, highest] = ranges[type] ?? [-Infinity, Infinity]
  const minimum = Math.max(lowest, feature?.minimum ?? -Infinity)
  const maximum = Math.min(highest, feature?.maximum ?? Infinity)
  const schema = {
    type: kind,
    format: formatOf(kind, type),
    ...(minimum > -Infinity && { minimum }),
    ...(maximum < Infinity && { maximum })
  }
  const long = type === 'int64' || type === 'uint64' ? longIntegerSchema(type, feature) : undefined
  return long === undefined ? schema : { oneOf: [schema, long] }
}

function formatOf (kind: RecordField['kind'], type: DataType): string {
  if (kind === 'integer') return integerTypes.has(type) ? type : 'int64'
  return type === 'float32' || type === 'float16' ? 'float' : 'double'
}

function longIntegerSchema (type: 'int64' | 'uint64', bounds: { minimum?: number, maximum?: number } | undefined): JsonSchema | undefined {
  const negative = type === 'int64' && (bounds?.minimum ?? -Infinity) < Number.MIN_SAFE_INTEGER
  const positive = (bounds?.maximum ?? Infinity) > Number.MAX_SAFE_INTEGER
  if (!negative && !positive) return undefined
  const sign = negative ? (positive ? '-?' : '-') : ''
  return { type: 'string', format: `${type}-text`, pattern: `^${sign}[1-9][0-9]{15,19}$`, description: 'An integer from 2^53 on, which a JSON number would round' }
}

function allowNull (schema: JsonSchema, nullable: boolean): JsonSchema {
  if (!nullable) return schema
  const { type, enum: values, oneOf, anyOf } = schema
  if (Array.isArray(oneOf)) return { oneOf: [...oneOf, { type: 'null' }] }
  if (Array.isArray(anyOf)) return { anyOf: [...anyOf, { type: 'null' }] }
  return {
    ...schema,
    ...(type !== undefined && { type: [type, 'null'] }),
    ...(Array.isArray(values) && { enum: [...values, null] })
  }
}

function annotations ({ feature }: RecordField): JsonSchema {
  if (feature === undefined) return {}
  const description = [feature.description, feature.unit === undefined ? undefined : `(${feature.unit})`].filter((part) => part !== undefined).join(' ')
  return {
    ...(description !== '' && { description }),
    ...(feature.unit !== undefined && { 'x-unit': feature.unit }),
    ...(feature.default !== undefined && { default: feature.default }),
    ...(feature.example !== undefined && { examples: [feature.example] })
  }
}
