import type { JsonSchema } from '../../codecs/records/record-schema.js'
import type { Model } from '../models/model.js'
import type { MediaType, Operation } from './document.js'
import { refuseWith } from './problems.js'

/** Headers that prediction routes understand, as `components.parameters`. */
export const requestHeaders: Record<string, JsonSchema> = {
  RequestTimeout: {
    name: 'X-Request-Timeout-Ms',
    in: 'header',
    description: 'Milliseconds after which the answer is of no use to you: then you get a 504, and a request that still waits is dropped.',
    schema: { type: 'integer', minimum: 1 }
  },
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Your own name for this request; it comes back as `request_id`.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._~:+/=@-]{1,128}$' }
  }
}

export const predictionParameters = Object.keys(requestHeaders).map((name) => ({ $ref: `#/components/parameters/${name}` }))

/** What a prediction operation takes and answers with a 200. */
export interface Exchange {
  body: MediaType
  result: MediaType
}

export function predictionBody (body: MediaType): NonNullable<Operation['requestBody']> {
  return { required: true, content: { 'application/json': body } }
}

/** The answers of a prediction operation; without a model, those of one that may break rules. */
export function predictionResponses (result: MediaType, model?: Model): Operation['responses'] {
  const rules = model?.artefact.metadata?.rules ?? []
  return {
    200: { description: 'The prediction.', content: { 'application/json': result } },
    ...refuseWith(400, 404, 405, 408, 413, 415, 417, ...(rules.length > 0 || model === undefined ? [422] : []), 431, 500, 503, 504)
  }
}

export function predictionOperation (model: Model, about: { operationId: string, summary: string, tag: string }, { body, result }: Exchange): Operation {
  const { description } = model.artefact.metadata ?? {}
  return {
    operationId: about.operationId,
    summary: about.summary,
    ...(description !== undefined && { description }),
    tags: [about.tag],
    parameters: predictionParameters,
    requestBody: predictionBody(body),
    responses: predictionResponses(result, model)
  }
}
