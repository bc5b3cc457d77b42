import type { ResponseStyle } from '../../schemas/model-config.js'
import type { OutputValue } from './output-values.js'
import type { RowPrediction } from './predictions.js'

export type { ResponseStyle }

/** The members of a response body that its style shapes. */
export interface PredictionMembers {
  prediction: OutputValue
  predicted_class?: string | string[]
  confidence: number | null | (number | null)[]
  probabilities?: Record<string, number> | Record<string, number>[]
}

/** One prediction as values; several, or one in style `list`, as lists of equal length. `list` says that the client sent a list. */
export function container (predictions: RowPrediction[], options: { style: ResponseStyle, list: boolean, proba: boolean }): PredictionMembers {
  const { style, proba } = options
  const shaped = predictions.map((prediction) => ({ ...prediction, prediction: answer(prediction, style, proba) }))
  const [first] = shaped
  if (first !== undefined && !options.list && style !== 'list') return pick(first, proba)
  return {
    prediction: shaped.map(({ prediction }) => prediction),
    ...(first?.predicted_class !== undefined && { predicted_class: shaped.map((one) => one.predicted_class ?? '') }),
    confidence: shaped.map(({ confidence }) => confidence),
    ...(proba && first?.probabilities !== undefined && { probabilities: shaped.map((one) => one.probabilities ?? {}) })
  }
}

function pick ({ probabilities, ...members }: RowPrediction, proba: boolean): PredictionMembers {
  return proba && probabilities !== undefined ? { ...members, probabilities } : members
}

function answer ({ prediction, predicted_class: name, probabilities }: RowPrediction, style: ResponseStyle, proba: boolean): OutputValue {
  if (style === 'list' && proba && probabilities !== undefined) return probabilities
  return style === 'label' ? name ?? prediction : prediction
}
