import { recordSchema, rowSchema, type JsonSchema } from '../../codecs/records/record-schema.js'
import type { InputLayout } from '../../codecs/specification.js'
import type { Define } from './results.js'

export interface BodySchemas {
  /** One record of a typed face, or what stands for it when nothing names the features. */
  record: JsonSchema
  /** The same for an element of `instances`; a list of these is all of one kind. */
  instances: JsonSchema
}

export interface DefaultBodySchemas extends BodySchemas {
  /** Any of these, which can be shown instead of predicted. */
  any: JsonSchema
}

export interface BodyLimits {
  maxRows: number
  batchMax: number
  maxSamples: number
}

/** Bodies of the typed faces: the schema that validates records also documents them. Without named features a row may stand for the inputs by name. */
export function defineTypedBodies (layout: InputLayout, { batchMax }: BodyLimits, define: Define): BodySchemas {
  const record = define('Record', recordSchema(layout, { additional: false }))
  const row = layout.features === undefined ? rowSchema(layout) : undefined
  if (row === undefined) return { record, instances: define('Batch', batchSchema(record, batchMax)) }
  const values = define('Row', row)
  return {
    record: define('Input', { oneOf: [record, ...(takesFeatures(layout) ? [rowObject(values)] : []), values] }),
    instances: define('Batch', { oneOf: [batchSchema(record, batchMax), batchSchema(values, batchMax)] })
  }
}

/** Bodies of the default model's own faces, which take every form and ignore unknown features. */
export function defineDefaultBodies (layout: InputLayout, { maxRows, batchMax, maxSamples }: BodyLimits, define: Define): DefaultBodySchemas {
  const row = rowSchema(layout)
  const values = row === undefined ? [] : [define('Row', row)]
  const record = define('Instance', recordSchema(layout, { additional: true }))
  const listOf = (maxItems: number) => ({ type: 'array', items: record, minItems: 1, maxItems, title: 'Records' })
  const records = listOf(maxRows)
  const rows = takesFeatures(layout) ? values.map(rowObject) : []
  const wrapped = {
    type: 'object',
    title: 'Wrapped',
    properties: {
      _data: { oneOf: [record, records], description: 'A record or a list of records.' },
      _samples: { oneOf: [record, listOf(maxSamples)], description: 'Records to explain a prediction against. They are checked, and change no prediction.' }
    },
    required: ['_data'],
    additionalProperties: false
  }
  // A record that ignores unknown names would otherwise pass for the other forms too.
  const others = ['_data', '_samples', ...(rows.length > 0 ? ['features'] : [])]
  const alone = { allOf: [record], not: { anyOf: [...others.map((name) => present(name)), ...misplacedInstances(layout)] }, title: 'Record' }
  const one = define('Request', { oneOf: [alone, records, wrapped, ...rows] })
  const many = define('BatchRequest', { oneOf: [record, ...values].map((items) => batchSchema(items, batchMax)) })
  return { record: one, instances: many, any: { anyOf: [one, many] } }
}

function present (name: string): JsonSchema {
  return { properties: { [name]: {} }, required: [name] }
}

/** Instances are no record, unless a feature stands beside them; where one is required, the record says so itself. */
function misplacedInstances (layout: InputLayout): JsonSchema[] {
  const { properties, required } = recordSchema(layout, { additional: true })
  if (required !== undefined) return []
  return [{ ...present('instances'), not: { anyOf: Object.keys(properties as object).map((name) => present(name)) } }]
}

function takesFeatures ({ features, inputs }: InputLayout): boolean {
  return !(features ?? inputs).some(({ name }) => name === 'features')
}

function rowObject (row: JsonSchema): JsonSchema {
  return { type: 'object', title: 'Features', properties: { features: row }, required: ['features'], additionalProperties: false }
}

function batchSchema (items: JsonSchema, maxItems: number): JsonSchema {
  return { type: 'object', properties: { instances: { type: 'array', items, minItems: 1, maxItems } }, required: ['instances'], additionalProperties: false }
}
