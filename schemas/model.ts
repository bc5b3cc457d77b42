import { Type, type Static } from '@sinclair/typebox'
import type { FeatureTypeSchema } from './metadata.js'
import { ref } from './ref.js'

export const ModelParamsSchema = Type.Object({
  model: Type.String({ description: 'Name of the model.' })
})

export const VersionParamsSchema = Type.Object({
  ...ModelParamsSchema.properties,
  version: Type.String({ description: 'Version number or label.' })
})

/** Of the routes that answer for a version or, without one, for the default version. */
export const ServedParamsSchema = Type.Object({
  ...ModelParamsSchema.properties,
  version: Type.Optional(VersionParamsSchema.properties.version)
})

export const TensorDescriptionSchema = Type.Object({
  name: Type.String(),
  type: Type.String({ description: 'Type of the elements.', examples: ['float32'] }),
  shape: Type.Array(Type.Unsafe<number | null>({ type: ['integer', 'null'] }), { description: 'Dimensions, the batch included; null where the graph leaves one open.' })
}, { $id: 'TensorDescription', title: 'TensorDescription', description: 'What a graph declares for an input or output.' })
export type TensorDescription = Static<typeof TensorDescriptionSchema>

export const FeatureDescriptionSchema = Type.Object({
  name: Type.String(),
  type: Type.Unsafe<Static<typeof FeatureTypeSchema>>({ type: 'string', enum: ['numeric', 'integer', 'boolean', 'string', 'category', 'vector'] }),
  description: Type.Optional(Type.String()),
  unit: Type.Optional(Type.String()),
  shape: Type.Optional(Type.Array(Type.Integer(), { description: 'Dimensions of a vector.' })),
  default: Type.Optional(Type.Unsafe<number | string | boolean | null>({ type: ['number', 'string', 'boolean', 'null'], description: 'Stands in for an absent value.' })),
  accepts_missing: Type.Optional(Type.Boolean({ description: 'An absent value or null goes to the model as missing.' })),
  categories: Type.Optional(Type.Array(Type.Unsafe<string | number>({ type: ['string', 'number'] }))),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  importance: Type.Optional(Type.Number())
}, { $id: 'FeatureDescription', title: 'FeatureDescription', description: 'One named feature, with the keys of `metadata.json`.' })
export type FeatureDescription = Static<typeof FeatureDescriptionSchema>

export const VersionDescriptionSchema = Type.Object({
  version: Type.String(),
  state: Type.Unsafe<'READY' | 'LOADING' | 'UNAVAILABLE'>({ type: 'string', enum: ['READY', 'LOADING', 'UNAVAILABLE'] }),
  reason: Type.String({ description: 'Why it is not what the store says it should be, and which file says so; empty when all is well.' }),
  warnings: Type.Array(Type.String(), { description: 'What is odd about its files but keeps nothing from being served, such as an unknown key of `metadata.json`.' }),
  task: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['BINARY_CLASSIFICATION', 'MULTICLASS_CLASSIFICATION', 'REGRESSION', 'OTHER'] })),
  class_names: Type.Optional(Type.Array(Type.String())),
  inputs: Type.Optional(Type.Array(ref(TensorDescriptionSchema))),
  outputs: Type.Optional(Type.Array(ref(TensorDescriptionSchema))),
  features: Type.Optional(Type.Array(ref(FeatureDescriptionSchema))),
  batched: Type.Optional(Type.Boolean({ description: 'Whether waiting requests are merged into one run.' })),
  loaded_at: Type.Optional(Type.String({ format: 'date-time' })),
  load_ms: Type.Optional(Type.Number({ description: 'Milliseconds that loading took.' })),
  bytes: Type.Optional(Type.Integer({ description: 'Size of the model file.' })),
  sha256: Type.Optional(Type.String({ description: 'Digest of the model file.' }))
}, { $id: 'VersionDescription', title: 'VersionDescription', description: 'One version of a model. What only a loaded version can tell is absent until it is READY.' })
export type VersionDescription = Static<typeof VersionDescriptionSchema>

export const ModelDescriptionSchema = Type.Object({
  name: Type.String(),
  default: Type.Boolean({ description: 'Whether it answers `/predict`.' }),
  labels: Type.Record(Type.String(), Type.String(), { description: 'Other names of versions.' }),
  reason: Type.String({ description: 'What is wrong with the model as a whole; empty when all is well.' }),
  warnings: Type.Array(Type.String(), { description: 'What is odd about its `model.json` and the folders beside its versions.' }),
  versions: Type.Array(ref(VersionDescriptionSchema), { description: 'The highest first.' })
}, { $id: 'ModelDescription', title: 'ModelDescription', description: 'One model with its versions.' })
export type ModelDescription = Static<typeof ModelDescriptionSchema>

export const ModelListSchema = Type.Object({
  models: Type.Array(ref(ModelDescriptionSchema), { description: 'All models, by name.' }),
  refused: Type.Array(Type.Object({ entry: Type.String(), reason: Type.String() }), { description: 'Entries of the store that cannot become a model.' }),
  warnings: Type.Array(Type.String(), { description: 'What is odd about the store as a whole, such as files that nobody reads.' })
}, { $id: 'ModelList', title: 'ModelList', description: 'What is in the model store.' })
export type ModelList = Static<typeof ModelListSchema>
