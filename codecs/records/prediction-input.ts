import { InputForms, type Face, type FormLimits } from './input-forms.js'
import { RecordCodec } from './records.js'
import { checkRules, type Rule } from './rules.js'
import type { InputLayout } from '../specification.js'
import type { Tensor } from '../tensor.js'

export interface InputLimits extends FormLimits {
  maxErrors: number
}

export interface PredictionInput {
  tensors: Tensor[]
  rows: number
  /** The client sent a list, so it gets lists back. */
  list: boolean
  /** The client sent a row of numbers, which is always answered by a single value. */
  positional: boolean
  /** Milliseconds that checking the body took, and writing the tensors. */
  validateMs: number
  preprocessMs: number
  /** Of `complete` only: the records as the model understands them, defaults filled in. */
  records?: Record<string, unknown>[]
}

/** Everything needed to read request bodies for one model version. Plain data: it can be sent to a thread. */
export interface InputOptions {
  layout: InputLayout
  rules: Rule[]
  limits: InputLimits
}

/** Reads the bodies of one model version: finds the form, checks it, and writes tensors. Throws InvalidRequestError and RuleViolatedError. */
export class InputReader {
  readonly #codec: RecordCodec
  readonly #forms: InputForms
  readonly #rules: Rule[]
  readonly #maxErrors: number

  constructor ({ layout, rules, limits }: InputOptions) {
    this.#codec = new RecordCodec(layout, limits)
    this.#forms = new InputForms(layout, limits, this.#codec.readsRows)
    this.#rules = rules
    this.#maxErrors = limits.maxErrors
  }

  /** `strict`, of the typed faces, refuses unknown features, and rows where the features have names. An empty list is nothing to show, and no fault of `complete`. */
  read (body: unknown, face: Face, strict: boolean): PredictionInput {
    const startedAt = performance.now()
    if (face === 'complete' && Array.isArray(body) && body.length === 0) return { tensors: [], rows: 0, list: true, positional: false, validateMs: 0, preprocessMs: 0, records: [] }
    const { items, path, noun, rows, list, samples } = this.#forms.find(body, face, strict)
    // Nothing needs their tensors yet. They ask for no prediction, so the rules are not for them.
    if (samples !== undefined) this.#codec.encodeRecords(samples.items, { path: samples.path, strict })
    const tensors = rows ? this.#codec.encodeRows(items, { path, noun }) : this.#codec.encodeRecords(items, { path, noun, strict })
    const { checkedAt } = this.#codec
    const writtenAt = performance.now()
    const input: PredictionInput = { tensors, rows: items.length, list, positional: rows && !list, validateMs: checkedAt - startedAt, preprocessMs: writtenAt - checkedAt }
    if (this.#rules.length === 0 && face !== 'complete') return input
    const records = rows ? this.#codec.completeRows(items, { path }) : this.#codec.complete(items, { path, strict: false })
    checkRules(this.#rules, records, path, this.#maxErrors)
    input.validateMs += performance.now() - writtenAt
    if (face === 'complete') input.records = records
    return input
  }
}
