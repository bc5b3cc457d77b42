import type { RecordField } from './record-fields.js'

const mostCategories = 12

/** What a whole field may hold, as a noun phrase: `number from 0 to 10`, `one of: a, b`, `array of 784 numbers`. */
export function expectField (field: RecordField): string {
  if (field.shape === undefined) return orNull(expectValue(field), field.nullable)
  const plural = `${field.kind}s`
  const lengths = field.shape.map((length) => length < 0 ? 'any' : String(length))
  const shape = lengths.join(' x ')
  return orNull(lengths.length > 1 ? `array of ${shape} ${plural}` : `array of ${shape === 'any' ? '' : `${shape} `}${plural}`, field.nullable)
}

/** What one element of a vector may hold. */
export function expectElement (field: RecordField, index: number): string {
  const { nullableElements } = field
  return orNull(expectValue(field), Array.isArray(nullableElements) ? nullableElements[index] === true : nullableElements)
}

function orNull (phrase: string, nullable: boolean): string {
  return nullable ? `${phrase} or null` : phrase
}

function expectValue (field: RecordField): string {
  const { kind, type, feature, categories } = field
  if (kind === 'category') return `one of: ${list([...categories?.keys() ?? []])}`
  if (kind === 'boolean') return 'boolean'
  if (kind === 'string') return 'string'
  const range = describeRange(feature?.minimum, feature?.maximum)
  if (range !== '') return `${kind} ${range}`
  return kind === 'integer' && /^u?int(8|16|32)$/.test(type) ? `${kind} that fits ${type}` : kind
}

/** Why a value of the right JSON type is refused; undefined when the type alone says it. */
export function expectInstead (field: RecordField, value: unknown): string | undefined {
  if (typeof value === 'string' && field.kind === 'string') return 'string without NUL or lone surrogates'
  if (typeof value !== 'number') return undefined
  const { type, kind, feature } = field
  if (kind === 'number' && (feature?.minimum === undefined || value >= feature.minimum) && (feature?.maximum === undefined || value <= feature.maximum)) return Number.isFinite(value) ? `number that fits ${type}` : 'finite number'
  const long = kind === 'integer' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return long && type.endsWith('int64') ? 'integer; from 2^53 on as a decimal string' : undefined
}

function describeRange (minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return `from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `of at least ${minimum}`
  return maximum === undefined ? '' : `of at most ${maximum}`
}

function list (categories: unknown[]): string {
  const shown = categories.slice(0, mostCategories).join(', ')
  return categories.length > mostCategories ? `${shown}, … (${categories.length} in all)` : shown
}
