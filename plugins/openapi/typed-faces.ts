import type { JsonSchema } from '../../codecs/records/record-schema.js'
import type { Model } from '../models/model.js'
import type { RegisteredModel } from '../models/registered-model.js'
import { defineTypedBodies, type BodyLimits } from './bodies.js'
import { type OpenapiDocument, schemaRef } from './document.js'
import { findExample, type Example } from './examples.js'
import { type Names, pascalCase } from './names.js'
import { predictionOperation, type Exchange } from './operations.js'
import { batchItem, batchResult, defineMembers, exampleId, type Define, type ResultMembers, typedResult } from './results.js'

/** What the document calls things: schemas and operations have separate names. */
export interface Vocabulary {
  schemas: Names
  operations: Names
}

/** One loaded version with the schemas that describe it. */
export interface DescribedModel {
  model: Model
  members: ResultMembers
  example: Example | undefined
  exchanges: { single: Exchange, batch: Exchange }
}

export interface TypedFaces {
  entry: RegisteredModel
  /** Start of all names of this model. */
  stem: string
  tag: string
}

/** Adds the paths of every version of a model that can serve. Returns the default version. */
export function addTypedFaces (document: OpenapiDocument, { entry, stem, tag }: TypedFaces, vocabulary: Vocabulary, limits: BodyLimits): DescribedModel | undefined {
  const models = [...entry.versions.values()].flatMap(({ model }) => model ?? []).sort((a, b) => Number(b.version) - Number(a.version))
  const own = new Map<string, string>()
  const described = models.map((model, index) => describe(model, defineFor(document, vocabulary, own, stem, index === 0 ? '' : `V${model.version}`), limits))
  const [newest] = described
  if (newest === undefined) return undefined
  const { name } = entry
  const add = (path: string, { model, exchanges }: DescribedModel, suffix: string, which: string): void => {
    const predict = vocabulary.operations.take(`predict${stem}${suffix}`)
    const batch = vocabulary.operations.take(`predict${stem}${suffix}Batch`)
    document.paths[`${path}/predict`] = { post: predictionOperation(model, { operationId: predict, summary: `Predict with ${name}${which}`, tag }, exchanges.single) }
    document.paths[`${path}/predict/batch`] = { post: predictionOperation(model, { operationId: batch, summary: `Predict many at once with ${name}${which}`, tag }, exchanges.batch) }
  }
  add(`/models/${name}`, newest, '', '')
  for (const one of described) add(`/models/${name}/versions/${one.model.version}`, one, `Version${one.model.version}`, `, version ${one.model.version}`)
  for (const [label, version] of Object.entries(entry.labels).sort()) {
    const one = described.find(({ model }) => model.version === version)
    if (one !== undefined) add(`/models/${name}/versions/${label}`, one, `Label${pascalCase(label)}`, `, the version labelled ${label}`)
  }
  return newest
}

/** Versions share a schema that is the same for both; one that differs has the version in its name. */
function defineFor (document: OpenapiDocument, { schemas }: Vocabulary, own: Map<string, string>, stem: string, suffix: string): Define {
  return (kind, schema) => {
    const key = `${kind} ${JSON.stringify(schema)}`
    const name = own.get(key) ?? schemas.take(`${stem}${suffix}${kind}`)
    own.set(key, name)
    document.components.schemas[name] = schema
    return schemaRef(name)
  }
}

function describe (model: Model, define: Define, limits: BodyLimits): DescribedModel {
  const members = defineMembers(model, define)
  const bodies = defineTypedBodies(model.specification.layout, limits, define)
  const example = findExample(model)
  const item = define('BatchItem', batchItem(model, members))
  return {
    model,
    members,
    example,
    exchanges: {
      single: exchange(bodies.record, define('Prediction', typedResult(model, members)), example && { body: example.record, result: example.result && singleAnswer(model, example.result) }),
      batch: exchange(bodies.instances, define('BatchPrediction', batchResult(item)), example && { body: { instances: [example.record] }, result: example.result && batchAnswer(model, example.result) })
    }
  }
}

function exchange (body: JsonSchema, result: JsonSchema, example: { body: unknown, result: unknown } | undefined): Exchange {
  return {
    body: { schema: body, ...(example !== undefined && { example: example.body }) },
    result: { schema: result, ...(example?.result !== undefined && { example: example.result }) }
  }
}

function singleAnswer (model: Model, result: NonNullable<Example['result']>): unknown {
  return model.present([result], { style: model.typedStyle, list: false, proba: true }, exampleId)
}

function batchAnswer (model: Model, result: NonNullable<Example['result']>): unknown {
  return { predictions: model.results([result]), count: 1, model_version: model.version, request_id: exampleId }
}
