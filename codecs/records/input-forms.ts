import { InvalidRequestError } from '../../errors.js'
import type { InputLayout } from '../specification.js'
import { describe, pointer, type IndexNoun } from './field-errors.js'

/**
 * What a route takes: `predict` every form of the default model's face, `batch` instances, `record` one record,
 * `instances` a batch of unbounded length (KServe V1), `complete` what `predict` and `batch` take, to be shown instead of predicted.
 */
export type Face = 'predict' | 'batch' | 'record' | 'instances' | 'complete'

export interface FormLimits {
  /** Rows of a list on `predict`. */
  maxRows: number
  /** Rows of `instances` on `batch`. */
  batchMax: number
  /** Records in `_samples`. */
  maxSamples: number
}

/** What a body holds, wherever it stood there. Nothing has looked into the items yet. */
export interface InputItems {
  items: unknown[]
  /** JSON pointer of an item. */
  path: (index: number) => string
  noun?: IndexNoun | undefined
  /** Items are rows of values, not records. */
  rows: boolean
  /** The client sent a list. */
  list: boolean
  /** The records of `_samples`. */
  samples?: InputItems
}

/** Finds the records or rows in the bodies of one model version. Throws InvalidRequestError for a body of no known form, or of too many rows. */
export class InputForms {
  readonly #limits: FormLimits
  readonly #featureNames: ReadonlySet<string>
  readonly #hasFeatures: boolean
  readonly #readsRows: boolean

  /** `readsRows`: the model understands positional rows. */
  constructor ({ features, inputs }: InputLayout, limits: FormLimits, readsRows: boolean) {
    this.#limits = limits
    this.#featureNames = new Set((features ?? inputs).map(({ name }) => name))
    this.#hasFeatures = features !== undefined
    this.#readsRows = readsRows
  }

  /** `strict` refuses rows where the features have names. */
  find (body: unknown, face: Face, strict: boolean): InputItems {
    const takesRows = !strict || !this.#hasFeatures || face === 'instances'
    if (face === 'batch' || face === 'instances') return this.#findInstances(body, face, takesRows)
    const takesAll = face !== 'record'
    if (isObject(body)) {
      if (takesAll && (Object.hasOwn(body, '_data') || Object.hasOwn(body, '_samples'))) return this.#unwrap(body)
      if (takesRows && Object.hasOwn(body, 'features') && !this.#featureNames.has('features')) return this.#findRow(body)
      if (Object.hasOwn(body, 'instances') && !Object.keys(body).some((name) => this.#featureNames.has(name))) {
        if (face === 'complete') return this.#findInstances(body, 'batch', takesRows)
        throw this.#misplaced(face, '/instances', body.instances)
      }
      return { items: [body], path: () => '', rows: false, list: false }
    }
    if (Array.isArray(body) && takesAll) {
      if (body.length > 0 && !body.some(isNested)) throw this.#misplaced(face, '', body)
      return this.#findRecords(body, '', this.#limits.maxRows)
    }
    if (Array.isArray(body) && takesRows && this.#readsRows) {
      return { items: [body], path: () => '', noun: 'value', rows: true, list: false }
    }
    throw expected(takesAll ? 'a record or a list of records' : 'a record', body, '')
  }

  #unwrap (body: Record<string, unknown>): InputItems {
    const extra = Object.keys(body).find((key) => key !== '_data' && key !== '_samples')
    if (extra !== undefined) throw misfit(body, extra, 'cannot stand beside _data and _samples', '_data and _samples only')
    if (!Object.hasOwn(body, '_data')) {
      throw new InvalidRequestError('_data is required beside _samples', [{ path: '/_data', message: 'is required', expected: 'a record or a list of records', got: 'nothing' }])
    }
    const data = this.#findWrapped(body._data, '/_data', this.#limits.maxRows)
    if (!Object.hasOwn(body, '_samples')) return data
    return { ...data, samples: this.#findWrapped(body._samples, '/_samples', this.#limits.maxSamples) }
  }

  #findWrapped (value: unknown, base: string, most: number): InputItems {
    if (Array.isArray(value)) return this.#findRecords(value, base, most)
    if (!isObject(value)) throw expected('a record or a list of records', value, base)
    return { items: [value], path: () => base, rows: false, list: false }
  }

  #findRow (body: Record<string, unknown>): InputItems {
    const extra = Object.keys(body).find((key) => key !== 'features')
    if (extra !== undefined) throw misfit(body, extra, 'cannot stand beside features', 'features only')
    return { items: [body.features], path: () => '/features', rows: true, list: false }
  }

  #findRecords (records: unknown[], base: string, most: number): InputItems {
    if (records.length === 0) throw expected('at least one record', records, base)
    if (records.length > most) {
      throw new InvalidRequestError(`${base === '' ? 'A list' : base.slice(1)} cannot exceed ${most} records`, [{ path: base, message: `cannot exceed ${most} records`, expected: `at most ${most} records`, got: `${records.length} records` }])
    }
    return { items: records, path: (index) => `${base}/${index}`, noun: base === '' ? 'row' : undefined, rows: false, list: true }
  }

  /** Instances and bare rows have places of their own; what would be said of them as records misleads. */
  #misplaced (face: Face, path: string, value: unknown): InvalidRequestError {
    const what = face === 'record' ? 'a record' : 'a record or a list of records'
    const subject = face === 'predict' ? '/predict' : 'This route'
    const place = face === 'complete' ? 'rows belong to {"instances": […]}' : `instances belong to ${face === 'predict' ? '/' : ''}predict/batch`
    const row = face !== 'record' && this.#readsRows ? ', one row to {"features": […]}' : ''
    const remedy = `${subject} takes ${what}; ${place}${row}`
    return new InvalidRequestError(remedy, [{ path, message: `is not expected here: ${remedy}`, expected: what, got: describe(value) }])
  }

  #findInstances (body: unknown, face: Face, takesRows: boolean): InputItems {
    if (!isObject(body)) throw expected('an object with instances', body, '')
    const { instances } = body
    if (instances === undefined) throw new InvalidRequestError('instances is required', [{ path: '/instances', message: 'is required', expected: 'a list of records or rows', got: 'nothing' }])
    if (!Array.isArray(instances) || instances.length === 0) throw expected('a list of at least one record or row', instances, '/instances')
    const { batchMax } = this.#limits
    if (face === 'batch') {
      if (instances.length > batchMax) {
        throw new InvalidRequestError(`Batch size cannot exceed ${batchMax}`, [{ path: '/instances', message: `cannot exceed ${batchMax} instances`, expected: `at most ${batchMax} instances`, got: `${instances.length} instances` }])
      }
      const extra = Object.keys(body).find((key) => key !== 'instances')
      if (extra !== undefined) throw misfit(body, extra, 'is not expected here', 'instances only')
    }
    return { items: instances, path: (index) => `/instances/${index}`, rows: takesRows && !isObject(instances[0]), list: true }
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNested (value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** A key that has no place in this form. */
function misfit (body: Record<string, unknown>, key: string, message: string, expected: string): InvalidRequestError {
  return new InvalidRequestError(`${key} ${message}`, [{ path: pointer('', key), message, expected, got: describe(body[key]) }])
}

function expected (what: string, value: unknown, path: string): InvalidRequestError {
  const got = value === undefined ? 'nothing' : describe(value)
  return new InvalidRequestError(`${path === '' ? 'The body' : path.slice(1)} must be ${what}`, [{ path, message: `must be ${what}`, expected: what, got }])
}
