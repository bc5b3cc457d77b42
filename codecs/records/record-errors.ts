import type { FieldError } from '../../errors.js'
import { mismatch, nearestName, pointer } from './field-errors.js'
import { expectElement, expectField, expectInstead } from './record-expectations.js'
import type { RecordField } from './record-fields.js'
import type { RowForm } from './record-schema.js'
import { isRecord } from './record-values.js'
import type { RecordValidators } from './record-validators.js'

const mostHints = 5

/** What a model's records are made of, in the words of its errors. */
export interface RecordForm {
  fields: RecordField[]
  validators: RecordValidators
  /** What a name that is no field's is not: a feature, or an input. */
  noun: 'feature' | 'input'
}

/** Everything that is wrong with a record, one error per field. `strict` refuses unknown names. */
export function * findRecordErrors ({ fields, validators, noun }: RecordForm, record: unknown, path: string, strict: boolean): Generator<FieldError> {
  if (!isRecord(record)) {
    yield mismatch(path, `object with the ${noun}s of the model`, record)
    return
  }
  const values = new Map<string, unknown>(Object.entries(record))
  for (const field of fields) {
    const place = pointer(path, field.name)
    const absent = !values.has(field.name)
    if (absent && field.required) yield { path: place, message: 'is required', expected: expectField(field), got: 'nothing' }
    const error = absent ? undefined : findValueError(validators, field, values.get(field.name), place)
    if (error !== undefined) yield error
  }
  if (!strict) return
  const names = fields.map((field) => field.name)
  const known = new Set(names)
  let hints = mostHints
  for (const [name, value] of values) {
    if (!known.has(name)) yield unknownField(pointer(path, name), noun, hints-- > 0 ? nearestName(name, names) : undefined, value)
  }
}

/** Everything that is wrong with a positional row; of a wrong length nothing else is told. */
export function * findRowErrors (validators: RecordValidators, form: RowForm, row: unknown, path: string): Generator<FieldError> {
  const nested = form.whole !== undefined && form.whole.shape.length > 1 && Array.isArray(row) && Array.isArray(row[0])
  if (Array.isArray(row) && !nested && form.length !== undefined && row.length !== form.length) {
    yield { ...mismatch(path, `array of ${form.length}`, row), message: wrongLength(form.length) }
    return
  }
  if (form.whole === undefined && !Array.isArray(row)) {
    yield mismatch(path, `array of ${form.length} values`, row)
    return
  }
  const places = form.whole === undefined && Array.isArray(row)
    ? form.fields.map((field, index) => ({ field, value: row[index], place: pointer(path, index) }))
    : form.fields.map((field) => ({ field, value: row, place: path }))
  for (const { field, value, place } of places) {
    const error = findValueError(validators, field, value, place)
    if (error !== undefined) yield error
  }
}

/** What a row of another length is told, and what the whole request is told then. */
export function wrongLength (length: number): string {
  return `Expected ${length} features`
}

/** The error in the value of one field, placed at the very element of a vector. */
function findValueError (validators: RecordValidators, field: RecordField, value: unknown, path: string): FieldError | undefined {
  const error = validators.fieldError(field, value)
  if (error === undefined) return undefined
  const steps = error.instancePath.split('/').slice(1).map(Number)
  if (field.shape === undefined) return mismatch(path, expectInstead(field, value) ?? expectField(field), value)
  if (steps.length === 0) return mismatch(path, expectField(field), value)
  const offender = steps.reduce<unknown>((part, step) => Array.isArray(part) ? part[step] : undefined, value)
  const expected = error.keyword.endsWith('Items') || error.params.type === 'array' ? arrayLike(error) : expectInstead(field, offender) ?? expectElement(field, steps.at(-1) ?? 0)
  return mismatch(path + error.instancePath, expected, offender)
}

function arrayLike ({ keyword, params }: { keyword: string, params: Record<string, unknown> }): string {
  return keyword.endsWith('Items') ? `array of ${String(params.limit)}` : 'array'
}

function unknownField (path: string, noun: string, hint: string | undefined, value: unknown): FieldError {
  const meant = hint === undefined ? '' : `; did you mean '${hint}'?`
  return { ...mismatch(path, 'nothing', value), message: `is not ${noun === 'input' ? 'an' : 'a'} ${noun} of this model${meant}` }
}
