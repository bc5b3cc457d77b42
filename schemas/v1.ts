import { Type, type Static } from '@sinclair/typebox'

export const V1RequestSchema = Type.Object({
  instances: Type.Array(Type.Unknown(), { minItems: 1, description: 'Records, or rows of numbers in the order of the features.' })
}, { $id: 'V1Request', title: 'V1Request' })
export type V1Request = Static<typeof V1RequestSchema>

export const V1PredictionsSchema = Type.Object({
  predictions: Type.Array(Type.Unknown(), { description: 'For each instance its label as the graph gives it, its number, or an object of targets or outputs.' })
}, { $id: 'V1Predictions', title: 'V1Predictions' })
export type V1Predictions = Static<typeof V1PredictionsSchema>

/** Every schema of this file. */
export const v1Schemas = [V1RequestSchema, V1PredictionsSchema]
