import { Type } from '@sinclair/typebox'
import { ResponseStyleSchema, type ResponseStyle } from './model-config.js'
import { TraceSchema } from './trace.js'

export const PredictQuerySchema = Type.Object({
  proba: flag('Whether each class comes with its probability; an error for a model that gives none.'),
  trace: flag('Whether the stages of the prediction are shown; an error unless the server allows it.'),
  style: Type.Optional(Type.Unsafe<ResponseStyle>({ type: 'string', enum: ResponseStyleSchema.enum, description: `${ResponseStyleSchema.description} The default is the model's own.` }))
}, { additionalProperties: false })

/** Of the routes that take no parameters: a misspelt one is not silently ignored. */
export const NoQuerySchema = Type.Object({}, { additionalProperties: false })

/** A parameter that is on or off; `isOn` reads it. */
export function flag (description: string) {
  return Type.Optional(Type.Unsafe<'1' | '0' | 'true' | 'false'>({ type: 'string', enum: ['1', '0', 'true', 'false'], description }))
}

export function isOn (flag: string | undefined): boolean {
  return flag === '1' || flag === 'true'
}

/** What an error expects of a flag that is on where it cannot be. */
export const flagOff = 'one of: 0, false'

const VersionSchema = Type.String({ description: 'Version that answered.' })
const RequestIdSchema = Type.String({ description: 'Names this request in the log.' })

/** The answer of `/predict`, whatever the model; the served document narrows it to the default one. */
export const PredictionSchema = Type.Object({
  prediction: Type.Unknown({ description: 'A label, a number, the targets or outputs of the model, or a list of these.' }),
  predicted_class: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description: 'Name of the predicted class; classifiers only.' })),
  confidence: Type.Unknown({ description: 'Probability of the predicted class, null where the model gives none; or a list of these.' }),
  probabilities: Type.Optional(Type.Unknown({ description: 'Probability of each class by name, or a list of such maps.' })),
  trace: Type.Optional(TraceSchema),
  model: Type.String({ description: 'Model that answered.' }),
  model_version: VersionSchema,
  request_id: RequestIdSchema
}, { $id: 'Prediction', title: 'Prediction' })

export const BatchPredictionSchema = Type.Object({
  predictions: Type.Array(Type.Unknown(), { description: 'One result per instance, in order.' }),
  count: Type.Integer({ description: 'Number of predictions.' }),
  model_version: VersionSchema,
  request_id: RequestIdSchema
}, { $id: 'BatchPrediction', title: 'BatchPrediction' })
