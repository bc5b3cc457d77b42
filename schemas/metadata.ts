import { Type, type Static, type TSchema } from '@sinclair/typebox'

const TextSchema = (description: string) => Type.Optional(Type.String({ description }))
const NamesSchema = (description: string) => Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true, description }))

function literals<T extends string> (values: readonly T[], description: string) {
  return Type.Unsafe<T>({ type: 'string', enum: values, description })
}

export const TaskSchema = literals(['BINARY_CLASSIFICATION', 'MULTICLASS_CLASSIFICATION', 'REGRESSION', 'OTHER'], 'What the model predicts.')

export const FeatureTypeSchema = literals(['numeric', 'integer', 'boolean', 'string', 'category', 'vector'], 'What a record may hold for the feature.')

/** A feature as `metadata.json` describes it; their order is the order of the columns. */
export const FeatureMetadataSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  type: FeatureTypeSchema,
  description: TextSchema('For people and for the OpenAPI document.'),
  unit: TextSchema('Unit of measurement.'),
  default: Type.Optional(Type.Unsafe<number | string | boolean | null>({ type: ['number', 'string', 'boolean', 'null'], description: 'Used when the feature is absent or null.' })),
  accepts_missing: Type.Optional(Type.Boolean({ description: 'null, and absence without a default, reach the model as NaN.' })),
  categories: Type.Optional(Type.Array(Type.Unsafe<string | number>({ type: ['string', 'number'] }), { minItems: 1, uniqueItems: true, description: 'Allowed values; in a float tensor a category is its index here.' })),
  shape: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, description: 'Dimensions of a vector, without the batch dimension.' })),
  minimum: Type.Optional(Type.Number({ description: 'Smaller values are refused.' })),
  maximum: Type.Optional(Type.Number({ description: 'Larger values are refused.' })),
  importance: Type.Optional(Type.Number({ description: 'Global importance, of the kind that importance_kind names.' }))
})
export type FeatureMetadata = Static<typeof FeatureMetadataSchema>

/** Names of the graph's outputs by the part they play. */
export const OutputNamesSchema = Type.Object({
  label: TextSchema('The predicted class.'),
  probabilities: TextSchema('One column per class, or one for the second class.'),
  value: TextSchema('The predicted number, one column per target.'),
  scores: TextSchema('Scores that are no probabilities.'),
  logits: TextSchema('Scores whose softmax or sigmoid is the probability.')
})
export type OutputNames = Static<typeof OutputNamesSchema>

export const RuleSchema = Type.Object({
  message: Type.String({ minLength: 1, description: 'What the client is told.' }),
  logic: Type.Unknown({ description: 'JSON Logic over the record; false refuses it with 422.' })
})
export type Rule = Static<typeof RuleSchema>

/** `metadata.json`: what an artefact is. Everything is optional, unknown keys are warnings. */
export const MetadataSchema = Type.Object({
  schema: Type.Optional(Type.Unsafe<1>({ type: 'integer', enum: [1], description: 'Version of this format.' })),
  task: Type.Optional(TaskSchema),
  description: TextSchema('What the model is for.'),
  estimator: TextSchema('Class it was exported from.'),
  created: TextSchema('When it was exported, ISO 8601.'),
  versions: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Versions of the training libraries.' })),
  class_names: NamesSchema('By position of the label.'),
  features: Type.Optional(Type.Array(FeatureMetadataSchema, { minItems: 1, description: 'In the order of the columns, or of the inputs where each column is one.' })),
  importance_kind: TextSchema('impurity, gain, split, coef, mean_abs_shap.'),
  input: TextSchema('Name of the input tensor the features are the columns of.'),
  outputs: Type.Optional(OutputNamesSchema),
  target_names: NamesSchema('By column of the value output.'),
  training: Type.Optional(Type.Object({
    history: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()), { description: 'One object per epoch: epoch, loss, accuracy.' })),
    metrics: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Results of the evaluation by name.' }))
  })),
  decision_threshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Probability from which class_names[1] is predicted.' })),
  rules: Type.Optional(Type.Array(RuleSchema, { description: 'Checked on every record.' })),
  explain: Type.Optional(Type.Object({
    covers: Type.Optional(literals(['nodes_hitrates', 'none'], 'Where the trees keep the number of training rows of their nodes.')),
    tree_input: TextSchema('Tensor that reaches the model node behind its preprocessing.'),
    column_groups: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { description: 'For each column of tree_input, the index of the feature it comes from.' })),
    background_sha256: TextSchema('Digest of background.json.')
  }))
}, { title: 'metadata.json' })
export type Metadata = Static<typeof MetadataSchema>

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Short and foreign names of feature types, as INPUT_SCHEMA and other servers' metadata write them. */
const typeAliases = new Map([['float', 'numeric'], ['number', 'numeric'], ['int', 'integer'], ['bool', 'boolean'], ['str', 'string']])

function normalizeFeature (feature: unknown): unknown {
  if (!isObject(feature) || typeof feature.type !== 'string') return feature
  return { ...feature, type: typeAliases.get(feature.type) ?? feature.type }
}

/**
 * Brings the forms that are accepted into that of `MetadataSchema`, unvalidated: the flask template's `{"metadata": {"features": […]}}` is unwrapped,
 * its MULTILABEL_CLASSIFICATION becomes MULTICLASS_CLASSIFICATION, and int, float, str, bool become feature types.
 */
export function normalizeMetadata (value: unknown): unknown {
  if (!isObject(value)) return value
  const { metadata, ...outer } = value
  const flat: Record<string, unknown> = isObject(metadata) && value.features === undefined ? { ...outer, ...metadata } : { ...value }
  if (flat.task === 'MULTILABEL_CLASSIFICATION') flat.task = 'MULTICLASS_CLASSIFICATION'
  if (Array.isArray(flat.features)) flat.features = flat.features.map(normalizeFeature)
  return flat
}

/** Paths such as `features[2].unti` of the keys in `value` that an open object schema does not name. Records are free. */
export function listUnknownKeys (schema: TSchema, value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    const items: TSchema | undefined = schema.items
    return items ? value.flatMap((item, index) => listUnknownKeys(items, item, `${path}[${index}]`)) : []
  }
  const properties: Record<string, TSchema> | undefined = schema.properties
  if (!isObject(value) || !properties) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const keyPath = path ? `${path}.${key}` : key
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined
    return known ? listUnknownKeys(known, child, keyPath) : [keyPath]
  })
}
