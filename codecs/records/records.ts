import { InvalidRequestError } from '../../errors.js'
import type { FieldError } from '../../errors.js'
import { commonShape } from './array-shapes.js'
import { describe, pointer, refuse } from './field-errors.js'
import type { IndexNoun } from './field-errors.js'
import { findRecordErrors, findRowErrors, wrongLength } from './record-errors.js'
import type { RecordForm } from './record-errors.js'
import { resolveFields } from './record-fields.js'
import type { RecordField } from './record-fields.js'
import { rowForm } from './record-schema.js'
import type { RowForm } from './record-schema.js'
import { readElement, readMember } from './record-values.js'
import type { JsonRecord } from './record-values.js'
import { RecordValidators } from './record-validators.js'
import type { InputLayout } from '../specification.js'
import { createBuffer, writeElements } from './tensor-buffers.js'
import type { TensorBuffer } from './tensor-buffers.js'
import { planTensor } from './tensor-plans.js'
import type { TensorPlan } from './tensor-plans.js'
import { elementCount } from '../tensor.js'
import type { Tensor } from '../tensor.js'

export interface RowOptions {
  /** JSON pointer of the record or row with this index; '' for one that is the whole body. */
  path: (index: number) => string
  /** Where those paths, or those inside of them, begin with an index: what that is of. */
  noun?: IndexNoun | undefined
}

export interface RecordOptions extends RowOptions {
  /** Unknown names are refused rather than ignored. */
  strict: boolean
}

type Read<T> = (item: T, field: RecordField) => unknown
type Place = (index: number, field: RecordField) => string

/**
 * Checks records and positional rows against one model's layout and writes them into tensors, in the model's order.
 * Its methods throw InvalidRequestError with the offending fields, at most `maxErrors`. The constructor throws an
 * Error when the layout contradicts itself; schemas compile on first use.
 */
export class RecordCodec {
  readonly #form: RecordForm
  readonly #row: RowForm | undefined
  readonly #plans: TensorPlan[]
  readonly #maxErrors: number
  /** `performance.now()` when the last records or rows had been checked and their writing began. */
  checkedAt = 0

  constructor (layout: InputLayout, limits: { maxErrors?: number } = {}) {
    const fields = resolveFields(layout)
    this.#row = rowForm(fields, layout)
    this.#form = { fields, validators: new RecordValidators(fields, this.#row), noun: layout.features === undefined ? 'input' : 'feature' }
    this.#plans = layout.inputs.map((spec, input) => planTensor(spec, fields.filter((field) => field.input === input)))
    this.#maxErrors = limits.maxErrors ?? 50
  }

  /** Whether the model understands positional rows. */
  get readsRows (): boolean {
    return this.#row !== undefined
  }

  /** One tensor per input of the layout, one row per record. Without features a record holds the inputs by name. */
  encodeRecords (records: unknown[], options: RecordOptions): Tensor[] {
    this.#checkRecords(records, options)
    this.checkedAt = performance.now()
    return this.#encode(records, readMember, (index, field) => pointer(options.path(index), field.name), options.noun)
  }

  /** The same for positional rows: the values of the features in order, or the one vector or input, flat or nested. */
  encodeRows (rows: unknown[], options: RowOptions): Tensor[] {
    this.#checkRows(rows, options)
    this.checkedAt = performance.now()
    return this.#encode(rows, this.#row?.whole === undefined ? readElement : readWhole, options.path, options.noun)
  }

  /** The records as the model understands them: features in the model's order, defaults filled, null where a value is missing. */
  complete (records: unknown[], options: RecordOptions): JsonRecord[] {
    this.#checkRecords(records, options)
    return this.#complete(records, readMember)
  }

  /** The same for positional rows; the row of a model that takes one vector is that vector. */
  completeRows (rows: unknown[], options: RowOptions): JsonRecord[] {
    this.#checkRows(rows, options)
    return this.#complete(rows, this.#row?.whole === undefined ? readElement : readWhole)
  }

  #complete<T> (items: T[], read: Read<T>): JsonRecord[] {
    return items.map((item) => Object.fromEntries(
      this.#form.fields.map((field) => [field.name, read(item, field) ?? field.default ?? null])
    ))
  }

  #checkRecords (records: unknown[], { strict, path, noun }: RecordOptions): asserts records is JsonRecord[] {
    const { validators } = this.#form
    const errors = this.#collect(records, (record) => validators.acceptsRecord(record, strict), (record, index) => findRecordErrors(this.#form, record, path(index), strict))
    if (errors !== undefined) throw refuse(errors, { noun, most: this.#maxErrors })
  }

  #checkRows (rows: unknown[], { path, noun }: RowOptions): asserts rows is unknown[][] {
    const form = this.#row
    if (form === undefined) throw new InvalidRequestError('This model takes its inputs by name, not as rows', [{ path: path(0), message: 'must be a record', expected: 'a record of the inputs by name', got: describe(rows[0]) }])
    const { validators } = this.#form
    const errors = this.#collect(rows, (row) => validators.acceptsRow(row), (row, index) => findRowErrors(validators, form, row, path(index)))
    if (errors === undefined) return
    const told = wrongLength(form.length ?? 0)
    throw refuse(errors, { noun, most: this.#maxErrors, detail: errors.some(({ message }) => message === told) ? told : undefined })
  }

  /** At most one error more than are listed. */
  #collect (items: unknown[], accepts: (item: unknown) => boolean, find: (item: unknown, index: number) => Iterable<FieldError>): FieldError[] | undefined {
    if (items.length === 0) throw new InvalidRequestError('At least one record is required')
    let errors: FieldError[] | undefined
    for (const [index, item] of items.entries()) {
      if (accepts(item)) continue
      errors ??= []
      for (const error of find(item, index)) {
        if (errors.push(error) > this.#maxErrors) return errors
      }
    }
    return errors
  }

  #encode<T> (items: T[], read: Read<T>, path: Place, noun: IndexNoun | undefined): Tensor[] {
    const tensors: Tensor[] = []
    for (const plan of this.#plans) {
      const tail = plan.tail ?? this.#measure(plan, items, read, path, noun)
      const stride = plan.tail === undefined ? elementCount(tail) : plan.stride
      const buffer = createBuffer(plan.spec.type, items.length * stride)
      let base = 0
      for (const item of items) {
        for (const field of plan.fields) write(buffer, field, base + field.column, read(item, field))
        base += stride
      }
      const { name, type } = plan.spec
      const dims = plan.spec.dims.length === 0 && items.length === 1 ? [] : [items.length, ...tail]
      tensors.push({ name, type, dims, data: buffer.finish() })
    }
    return tensors
  }

  #measure<T> ({ fields: [field], spec }: TensorPlan, items: T[], read: Read<T>, path: Place, noun: IndexNoun | undefined): number[] {
    return commonShape(items.map((item) => read(item, field)), spec.dims.length - 1, (index) => path(index, field), noun)
  }
}

function readWhole (row: unknown[]): unknown {
  return row
}

function write (buffer: TensorBuffer, field: RecordField, at: number, value: unknown): void {
  const given = value ?? field.default
  if (Array.isArray(given)) writeElements(buffer, field, at, given)
  else if (field.shape === undefined) buffer.write(field, at, given)
  else for (let index = 0; index < field.size; index++) buffer.write(field, at + index, given)
}
