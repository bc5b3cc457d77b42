import { InvalidRequestError } from '../../errors.js'
import { describe, type IndexNoun } from './field-errors.js'
import { RecordCodec } from './records.js'
import { checkRules, type Rule } from './rules.js'
import type { InputLayout } from '../specification.js'
import type { Tensor } from '../tensor.js'

/**
 * What a route takes: `predict` every form of the default model's face, `batch` instances, `record` one record,
 * `instances` a batch of unbounded length (KServe V1), `complete` the records of `predict`, to be shown instead of predicted.
 */
export type Face = 'predict' | 'batch' | 'record' | 'instances' | 'complete'

export interface InputLimits {
  /** Rows of a list on `predict`. */
  maxRows: number
  /** Rows of `instances` on `batch`. */
  batchMax: number
  maxErrors: number
  /** Say when a body had been checked. */
  timed?: boolean
}

export interface PredictionInput {
  tensors: Tensor[]
  rows: number
  /** The client sent a list, so it gets lists back. */
  list: boolean
  /** The client sent a row of numbers, which is always answered by a single value. */
  positional: boolean
  /** Of `complete` only, which makes no tensors. */
  records?: Record<string, unknown>[]
  /** Milliseconds that checking the body took, and writing the tensors. */
  validateMs?: number
  preprocessMs?: number
}

/** Everything needed to read request bodies for one model version. Plain data: it can be sent to a thread. */
export interface InputOptions {
  layout: InputLayout
  rules: Rule[]
  limits: InputLimits
}

interface Items {
  items: unknown[]
  path: (index: number) => string
  noun?: IndexNoun | undefined
  rows: boolean
  list: boolean
}

/** Reads the bodies of one model version: finds the form, checks it, and writes tensors. Throws InvalidRequestError and RuleViolatedError. */
export class InputReader {
  readonly #codec: RecordCodec
  readonly #rules: Rule[]
  readonly #limits: InputLimits
  readonly #featureNames: ReadonlySet<string>
  readonly #hasFeatures: boolean

  constructor ({ layout, rules, limits }: InputOptions) {
    this.#codec = new RecordCodec(layout, limits)
    this.#rules = rules
    this.#limits = limits
    this.#featureNames = new Set((layout.features ?? layout.inputs).map(({ name }) => name))
    this.#hasFeatures = layout.features !== undefined
  }

  /** `performance.now()` when the last body had been checked and its tensors were begun; 0 unless `timed`. */
  get checkedAt (): number {
    return this.#codec.checkedAt
  }

  /** `strict`, of the typed faces, refuses unknown features, and rows where the features have names. */
  read (body: unknown, face: Face, strict: boolean): PredictionInput {
    if (face === 'complete') return this.#complete(body)
    const { items, path, noun, rows, list } = this.#find(body, face, face === 'instances' || !strict || !this.#hasFeatures)
    const tensors = rows ? this.#codec.encodeRows(items, { path, noun }) : this.#codec.encodeRecords(items, { path, noun, strict })
    if (this.#rules.length > 0) this.#checkRules(items, path, rows)
    return { tensors, rows: items.length, list, positional: rows && !list }
  }

  /** The records as the model sees them, defaults filled in; positional rows are refused, an empty list stays empty. */
  #complete (body: unknown): PredictionInput {
    const none = { tensors: [], positional: false }
    if (Array.isArray(body) && body.length === 0) return { ...none, rows: 0, list: true, records: [] }
    const { items, path, noun, rows, list } = this.#find(body, 'predict', true)
    if (rows) throw new InvalidRequestError('Records are expected here, not rows of numbers')
    return { ...none, rows: items.length, list, records: this.#codec.complete(items, { path, noun, strict: false }) }
  }

  #find (body: unknown, face: Face, takesRows: boolean): Items {
    if (face === 'batch' || face === 'instances') return this.#findInstances(body, face, takesRows)
    if (isObject(body)) {
      if (face === 'predict' && (Object.hasOwn(body, '_data') || Object.hasOwn(body, '_samples'))) return this.#unwrap(body)
      if (takesRows && Object.hasOwn(body, 'features') && !this.#featureNames.has('features')) return this.#findRow(body)
      if (Object.hasOwn(body, 'instances') && !Object.keys(body).some((name) => this.#featureNames.has(name))) throw this.#misplaced(face, '/instances', body.instances)
      return { items: [body], path: () => '', rows: false, list: false }
    }
    if (Array.isArray(body) && face === 'predict') return this.#findRecords(body, '')
    if (Array.isArray(body) && takesRows && this.#codec.readsRows) {
      return { items: [body], path: () => '', noun: 'value', rows: true, list: false }
    }
    throw expected(face === 'predict' ? 'a record or a list of records' : 'a record', body, '')
  }

  #unwrap (body: Record<string, unknown>): Items {
    const extra = Object.keys(body).find((key) => key !== '_data' && key !== '_samples')
    if (extra !== undefined) {
      throw new InvalidRequestError(`${extra} cannot stand beside _data and _samples`, [{ path: `/${extra}`, message: 'cannot stand beside _data and _samples' }])
    }
    if (!Object.hasOwn(body, '_data')) throw new InvalidRequestError('_data is required beside _samples', [{ path: '/_data', message: 'is required' }])
    const data = body._data
    if (Array.isArray(data)) return this.#findRecords(data, '/_data')
    if (!isObject(data)) throw expected('a record or a list of records', data, '/_data')
    return { items: [data], path: () => '/_data', rows: false, list: false }
  }

  #findRow (body: Record<string, unknown>): Items {
    const extra = Object.keys(body).find((key) => key !== 'features')
    if (extra !== undefined) throw new InvalidRequestError(`${extra} cannot stand beside features`, [{ path: `/${extra}`, message: 'cannot stand beside features' }])
    return { items: [body.features], path: () => '/features', rows: true, list: false }
  }

  #findRecords (records: unknown[], base: string): Items {
    const { maxRows } = this.#limits
    if (records.length === 0) throw expected('at least one record', records, base)
    if (records.length > maxRows) {
      throw new InvalidRequestError(`A list cannot exceed ${maxRows} records`, [{ path: base, message: `cannot exceed ${maxRows} records`, expected: `at most ${maxRows} records`, got: `${records.length} records` }])
    }
    if (base === '' && !isNested(records[0]) && !records.some(isNested)) throw this.#misplaced('predict', '', records)
    return { items: records, path: (index) => `${base}/${index}`, noun: base === '' ? 'row' : undefined, rows: false, list: true }
  }

  /** Instances and bare rows have places of their own; what `/predict` would say of them misleads. */
  #misplaced (face: Face, path: string, value: unknown): InvalidRequestError {
    const what = face === 'predict' ? 'a record or a list of records' : 'a record'
    const row = face === 'predict' && this.#codec.readsRows ? ', one row to {"features": […]}' : ''
    const remedy = `${face === 'predict' ? '/predict takes' : 'This route takes'} ${what}; instances belong to ${face === 'predict' ? '/' : ''}predict/batch${row}`
    return new InvalidRequestError(remedy, [{ path, message: `is not expected here: ${remedy}`, expected: what, got: describe(value) }])
  }

  #findInstances (body: unknown, face: Face, takesRows: boolean): Items {
    if (!isObject(body)) throw expected('an object with instances', body, '')
    const { instances } = body
    if (instances === undefined) throw new InvalidRequestError('instances is required', [{ path: '/instances', message: 'is required', expected: 'a list of records or rows' }])
    if (!Array.isArray(instances) || instances.length === 0) throw expected('a list of at least one record or row', instances, '/instances')
    const { batchMax } = this.#limits
    if (face === 'batch') {
      if (instances.length > batchMax) {
        throw new InvalidRequestError(`Batch size cannot exceed ${batchMax}`, [{ path: '/instances', message: `cannot exceed ${batchMax} instances`, expected: `at most ${batchMax} instances`, got: `${instances.length} instances` }])
      }
      const extra = Object.keys(body).find((key) => key !== 'instances')
      if (extra !== undefined) throw new InvalidRequestError(`${extra} is not expected here`, [{ path: `/${extra}`, message: 'is not expected here', expected: 'instances only' }])
    }
    return { items: instances, path: (index) => `/instances/${index}`, rows: takesRows && !isObject(instances[0]), list: true }
  }

  #checkRules (items: unknown[], path: (index: number) => string, rows: boolean): void {
    const records = rows
      ? this.#codec.completeRows(items, { path })
      : this.#codec.complete(items, { path, strict: false })
    checkRules(this.#rules, records, path, this.#limits.maxErrors)
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNested (value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function expected (what: string, value: unknown, path: string): InvalidRequestError {
  const got = value === undefined ? 'nothing' : describe(value)
  return new InvalidRequestError(`${path === '' ? 'The body' : path.slice(1)} must be ${what}`, [{ path, message: `must be ${what}`, expected: what, got }])
}
