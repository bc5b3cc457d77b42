import type { Model } from '../models/model.js'
import type { RowPrediction } from '../models/predictions/predictions.js'
import { exemplifyInput } from '../models/specification/example.js'

type JsonObject = Record<string, unknown>

/** A record and what the model answers to it, where its own tests tell. */
export interface Example {
  record: JsonObject
  result?: RowPrediction
}

/**
 * A record that the model takes: one of its tests', with the expected answer, or the examples of its features, or without these
 * blank inputs by name. Undefined where a feature or an input has none.
 */
export function findExample (model: Model): Example | undefined {
  const { features, inputs } = model.specification.layout
  for (const { input, expect } of model.artefact.tests?.cases ?? []) {
    if (Array.isArray(input)) continue
    const result = complete(model, expect)
    return { record: input, ...(result && { result }) }
  }
  if (features === undefined) {
    const blanks = inputs.map((input) => [input.name, exemplifyInput(input)] as const)
    return blanks.some(([, value]) => value === undefined) ? undefined : { record: Object.fromEntries(blanks) }
  }
  if (features.some(({ example, default: value }) => example === undefined && value === undefined)) return undefined
  return { record: Object.fromEntries(features.filter(({ example }) => example !== undefined).map(({ name, example }) => [name, example])) }
}

/** The values of a record in the order of the features; undefined where one is left to its default. */
export function toRow (model: Model, record: JsonObject): unknown[] | undefined {
  const values = model.specification.layout.features?.map(({ name }) => record[name])
  return values?.includes(undefined) === true ? undefined : values
}

/** The whole prediction that a test only sketches; undefined where it says too little. */
function complete ({ specification, hasProbabilities }: Model, { prediction, probabilities }: { prediction: unknown, probabilities?: JsonObject | number[] }): RowPrediction | undefined {
  const { task, classes, classNames } = specification
  if (task === 'REGRESSION') return typeof prediction === 'number' ? { prediction, confidence: null } : undefined
  if (classes === undefined || classNames === undefined || task === 'OTHER') return undefined
  const byLabel = classes.findIndex((label) => label === prediction)
  const index = byLabel >= 0 ? byLabel : classNames.findIndex((name) => name === prediction)
  const label = classes[index]
  const name = classNames[index]
  if (label === undefined || name === undefined) return undefined
  const shares = classNames.map((name, position) => Number(Array.isArray(probabilities) ? probabilities[position] : probabilities?.[name]))
  if (!hasProbabilities) return { prediction: label, predicted_class: name, confidence: null }
  if (shares.some(Number.isNaN)) return undefined
  return { prediction: label, predicted_class: name, confidence: shares[index] ?? null, probabilities: Object.fromEntries(classNames.map((name, position) => [name, shares[position] ?? 0])) }
}
