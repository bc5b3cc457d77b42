import type { RecordField } from './record-fields.js'

export type JsonRecord = Record<string, unknown>

export function isRecord (value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The record's own value of a field, undefined when it has none. */
export function readMember (record: JsonRecord, field: RecordField): unknown {
  return field.inherited && !Object.hasOwn(record, field.name) ? undefined : record[field.name]
}

/** The element of a row that belongs to a field. */
export function readElement (row: unknown[], field: RecordField): unknown {
  return row[field.position]
}
