import type { JsonSchema } from '../../codecs/records/record-schema.js'
import type { Model } from '../models/model.js'
import { closedObject, enumSchema, predictionSchema } from './values.js'

/** Puts a schema among the components and returns the reference to it. */
export type Define = (kind: string, schema: JsonSchema) => JsonSchema

/** What request ids look like. */
export const exampleId = '019aa2e4-5c1b-7d35-9f0e-3b6f0f4a8c11'
const requestId = { type: 'string', description: 'Names this request in the log.', examples: [exampleId] }
const version = { type: 'string', pattern: '^[1-9][0-9]*$', description: 'Version that answered.' }
// Type-level tools drop a member that can be nothing but null.
const nothing = { type: ['number', 'null'] }
const share = { type: 'number', minimum: 0, maximum: 1 }

/** Schemas of what a model answers, member by member. */
export interface ResultMembers {
  prediction: JsonSchema
  /** Name of the predicted class; classifiers only. */
  label?: JsonSchema
  confidence: JsonSchema
  probabilities?: JsonSchema
}

/** Defines the schemas that the answers of a model are made of. */
export function defineMembers ({ specification, unmerged, hasProbabilities }: Model, define: Define): ResultMembers {
  const { task, classNames } = specification
  const isClassifier = task === 'BINARY_CLASSIFICATION' || task === 'MULTICLASS_CLASSIFICATION'
  return {
    prediction: predictionSchema(specification, unmerged === undefined),
    ...(isClassifier && { label: classNames === undefined ? { type: 'string' } : define('Class', { ...enumSchema(classNames), description: 'Name of a class.' }) }),
    confidence: hasProbabilities
      ? { ...share, description: 'Probability of the predicted class.' }
      : { ...nothing, description: 'null: the model gives no probabilities.' },
    ...(hasProbabilities && { probabilities: define('Probabilities', mapSchema(classNames)) })
  }
}

function mapSchema (classNames: string[] | undefined): JsonSchema {
  const map = classNames === undefined ? { type: 'object', additionalProperties: share } : closedObject(classNames.map((name) => [name, share]))
  return { ...map, description: 'Probability of each class.' }
}

/** The answer of a typed face to one record. */
export function typedResult (model: Model, members: ResultMembers): JsonSchema {
  return answer(model, { ...members, prediction: typedPrediction(model, members) })
}

function typedPrediction ({ typedStyle }: Model, { prediction, label }: ResultMembers): JsonSchema {
  return typedStyle === 'label' && label !== undefined ? label : prediction
}

/** One of the predictions of a batch. */
export function batchItem (model: Model, members: ResultMembers): JsonSchema {
  const { label, confidence, probabilities } = members
  return openObject({ prediction: typedPrediction(model, members), ...(label && { predicted_class: label }), confidence, ...(probabilities && { probabilities }) })
}

export function batchResult (item: JsonSchema): JsonSchema {
  return openObject({
    predictions: { type: 'array', items: item, minItems: 1, description: 'One result per instance, in order.' },
    count: { type: 'integer', minimum: 1, description: 'Number of predictions.' },
    model_version: version,
    request_id: requestId
  })
}

/** The answer of `/predict` to one record or row, in style `scalar` or `label`. */
export function singleResult (model: Model, members: ResultMembers): JsonSchema {
  return answer(model, { ...members, prediction: anyOf(members.prediction, members.label) }, ['probabilities'])
}

/** The answer of `/predict` to a list, or to anything in style `list`. */
export function listResult (model: Model, { prediction, label, confidence, probabilities }: ResultMembers): JsonSchema {
  return answer(model, {
    prediction: listOf(anyOf(prediction, label, probabilities)),
    ...(label && { label: listOf(label) }),
    confidence: listOf(confidence),
    ...(probabilities && { probabilities: listOf(probabilities) })
  }, ['probabilities'])
}

function answer (model: Model, { prediction, label, confidence, probabilities }: ResultMembers, optional: string[] = []): JsonSchema {
  return openObject({
    prediction,
    ...(label && { predicted_class: label }),
    confidence,
    ...(probabilities && { probabilities }),
    model: { type: 'string', const: model.name },
    model_version: version,
    request_id: requestId
  }, optional)
}

function listOf (items: JsonSchema): JsonSchema {
  return { type: 'array', items, minItems: 1 }
}

function anyOf (...schemas: (JsonSchema | undefined)[]): JsonSchema {
  const given = schemas.filter((schema) => schema !== undefined)
  return given.length === 1 && given[0] !== undefined ? given[0] : { anyOf: given }
}

// Answers may gain members, so clients must not refuse what they do not know.
function openObject (properties: Record<string, JsonSchema>, optional: string[] = []): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) }
}
