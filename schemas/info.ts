import { Type, type Static } from '@sinclair/typebox'
import { MetadataSchema } from './metadata.js'
import { FeatureDescriptionSchema, TensorDescriptionSchema } from './model.js'
import { flag } from './prediction.js'
import { ref } from './ref.js'

const open = { additionalProperties: true } as const

/** Features in the order of the metadata, with the keys of `metadata.json`. */
export const FeaturesSchema = Type.Array(ref(FeatureDescriptionSchema))

export const ModelInfoSchema = Type.Object({
  metadata: Type.Object({ features: FeaturesSchema }, open),
  model: Type.Object({
    name: Type.String(),
    version: Type.String(),
    type: Type.String({ description: 'ONNX operator that predicts.' }),
    predictor_type: Type.String({ description: 'Class the model was exported from; the operator when the metadata does not say.' }),
    family: Type.String({ description: 'Library the model was made with.' }),
    task: Type.String(),
    is_explainable: Type.Boolean({ description: 'Predictions are explained without samples from the client.' }),
    class_names: Type.Optional(Type.Array(Type.String(), { description: 'By position of the label; classification only.' }))
  }),
  input_shape: Type.Array(Type.Unsafe<number | null>({ type: ['integer', 'null'] }), { description: 'Rows (null: any number) and features.' }),
  inputs: Type.Array(ref(TensorDescriptionSchema)),
  outputs: Type.Array(ref(TensorDescriptionSchema)),
  runtime: Type.Object({ name: Type.String(), version: Type.String() }),
  load_ms: Type.Number(),
  loaded_at: Type.String(),
  bytes: Type.Integer({ description: 'Size of the .onnx file.' }),
  sha256: Type.String(),
  batched: Type.Boolean({ description: 'Requests that wait together are run together.' }),
  training: Type.Optional(Type.Unsafe<NonNullable<Static<typeof MetadataSchema>['training']>>({
    type: 'object', additionalProperties: true, description: 'History by epoch and metrics, as the exporter recorded them.'
  }))
}, { description: 'What the default model is.' })
export type ModelInfo = Static<typeof ModelInfoSchema>

export const ServiceInfoSchema = Type.Object({
  debug: Type.Boolean(),
  'running-since': Type.Number({ description: 'Seconds since the epoch.' }),
  'serving-model-name': Type.String({ description: 'Empty while there is no default model.' }),
  'serving-model-version': Type.String(),
  'serving-model-type': Type.String(),
  'serving-model-file': Type.String(),
  'serving-model-family': Type.String(),
  'version-template': Type.String({ description: 'Version of this server.' }),
  version: Type.Optional(Type.String({ description: 'Version of your deployment.' })),
  environment: Type.Optional(Type.String()),
  workers: Type.Integer({ description: 'Threads that run the models.' }),
  node: Type.String()
})
export type ServiceInfo = Static<typeof ServiceInfoSchema>

export const PreprocessQuerySchema = Type.Object({
  scaled: flag('What the graph itself makes of the records before its model sees them: one row of values per record.')
}, { additionalProperties: false })
