import { defineDefaultBodies, type BodyLimits } from './bodies.js'
import { type MediaType, type OpenapiDocument, schemaRef } from './document.js'
import { toRow } from './examples.js'
import { type Exchange, predictionBody, predictionParameters, predictionResponses } from './operations.js'
import { batchItem, batchResult, listResult, singleResult } from './results.js'
import type { DescribedModel, Vocabulary } from './typed-faces.js'

// Records, or with scaled=1 the rows that the graph makes of them.
const preprocessed = { type: 'array', items: { oneOf: [{ type: 'object' }, { type: 'array' }] } }

/** Tells on `/predict`, `/predict/batch` and `/preprocess` what the default model takes and answers. */
export function describeDefaultFaces (document: OpenapiDocument, described: DescribedModel | undefined, vocabulary: Vocabulary, limits: BodyLimits): void {
  const operations = ['/predict', '/predict/batch', '/preprocess'].map((path) => document.paths[path]?.post)
  const exchanges = described === undefined ? unknownExchanges : describeExchanges(document, described, vocabulary, limits)
  for (const [index, operation] of operations.entries()) {
    const exchange = exchanges[index]
    if (operation === undefined || exchange === undefined) continue
    operation.parameters = [...operation.parameters ?? [], ...predictionParameters]
    operation.requestBody = predictionBody(exchange.body)
    operation.responses = predictionResponses(exchange.result, described?.model)
    if (described !== undefined) operation.description = introduce(described.model)
  }
}

const unknownExchanges: Exchange[] = [
  { body: { schema: { type: ['object', 'array'], description: 'A record, or a list of records.' } }, result: { schema: schemaRef('Prediction') } },
  { body: { schema: { type: 'object' } }, result: { schema: schemaRef('BatchPrediction') } },
  { body: { schema: { type: ['object', 'array'] } }, result: { schema: preprocessed } }
]

function describeExchanges ({ components }: OpenapiDocument, described: DescribedModel, { schemas }: Vocabulary, limits: BodyLimits): Exchange[] {
  const { model, members } = described
  const define = (kind: string, schema: Record<string, unknown>) => {
    const name = schemas.take(`Predict${kind}`)
    components.schemas[name] = schema
    return schemaRef(name)
  }
  const bodies = defineDefaultBodies(model.specification.layout, limits, define)
  const result = { anyOf: [define('Result', singleResult(model, members)), define('ListResult', listResult(model, members))] }
  const item = define('BatchItem', batchItem(model, members))
  const batchExample = described.exchanges.batch.body.example
  return [
    { body: { schema: bodies.record, ...forms(described) }, result: { schema: result } },
    { body: { schema: bodies.instances, ...(batchExample !== undefined && { example: batchExample }) }, result: { schema: define('BatchResult', batchResult(item)) } },
    { body: { schema: bodies.any, ...(described.example && { example: described.example.record }) }, result: { schema: preprocessed } }
  ]
}

function introduce ({ name, artefact, config }: DescribedModel['model']): string {
  const { description } = artefact.metadata ?? {}
  return `The default model is \`${name}\`${description === undefined ? '' : `: ${description}`}. One record gets a value, a list gets lists; the style of its answers is \`${config.response_style}\`. Fields that are no features are ignored here; the typed faces of the model refuse them.`
}

function forms ({ model, example }: DescribedModel): Pick<MediaType, 'examples'> {
  if (example === undefined) return {}
  const { record } = example
  const row = toRow(model, record)
  return {
    examples: {
      record: { summary: 'One record', value: record },
      list: { summary: 'A list of records', value: [record] },
      wrapped: { summary: 'Wrapped in _data', value: { _data: [record] } },
      ...(row !== undefined && { features: { summary: 'The values in order', value: { features: row } } })
    }
  }
}
