import type { ResponseStyle } from '../../../schemas/model-config.js'
import type { OutputValue } from './output-values.js'
import type { RowPrediction } from './predictions.js'

/** Which model answered which request. */
export interface Envelope {
  model: string
  model_version: string
  request_id: string
}

/** The body of an answer. */
export interface PredictionBody extends Envelope {
  prediction: OutputValue
  predicted_class?: string | string[]
  confidence: number | null | (number | null)[]
  probabilities?: Record<string, number> | Record<string, number>[]
}

export interface ContainerOptions {
  style: ResponseStyle
  /** The client sent a list. */
  list: boolean
  /** Whether each class comes with its probability. */
  proba: boolean
}

/** One prediction as values; several, or one in style `list`, as lists of equal length. */
export function container (predictions: RowPrediction[], { style, list, proba }: ContainerOptions, envelope: Envelope): PredictionBody {
  const [first] = predictions
  const withProbabilities = proba && first?.probabilities !== undefined
  if (first !== undefined && !list && style !== 'list') {
    return assemble(answer(first, style, proba), first.predicted_class, first.confidence, withProbabilities ? first.probabilities : undefined, envelope)
  }
  return assemble(
    predictions.map((prediction) => answer(prediction, style, proba)),
    first?.predicted_class === undefined ? undefined : predictions.map((one) => one.predicted_class ?? ''),
    predictions.map(({ confidence }) => confidence),
    withProbabilities ? predictions.map((one) => one.probabilities ?? {}) : undefined,
    envelope
  )
}

// Written out, because this is done for every answer and spreading an object takes longer than all the rest.
function assemble (
  prediction: OutputValue, predictedClass: string | string[] | undefined, confidence: PredictionBody['confidence'],
  probabilities: PredictionBody['probabilities'], { model, model_version: version, request_id: id }: Envelope
): PredictionBody {
  if (predictedClass === undefined) return { prediction, confidence, model, model_version: version, request_id: id }
  if (probabilities === undefined) return { prediction, predicted_class: predictedClass, confidence, model, model_version: version, request_id: id }
  return { prediction, predicted_class: predictedClass, confidence, probabilities, model, model_version: version, request_id: id }
}

function answer ({ prediction, predicted_class: name, probabilities }: RowPrediction, style: ResponseStyle, proba: boolean): OutputValue {
  if (style === 'list' && proba && probabilities !== undefined) return probabilities
  return style === 'label' ? name ?? prediction : prediction
}
