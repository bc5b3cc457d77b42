import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { JsonSchema } from '../../../codecs/records/record-schema.js'
import type { MediaType, OpenapiDocument, Operation, Response } from '../../../plugins/openapi/document.js'

const formats = {
  float: { type: 'number', validate: (value: number) => Number.isFinite(Math.fround(value)) },
  double: true,
  int32: true,
  int64: true,
  uint64: true,
  'date-time': true,
  'int64-text': true,
  'uint64-text': true
} as const

/** What a document promises, as validators. Answers may hold nothing but what is documented. */
export class Promised {
  readonly #document: OpenapiDocument
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, formats })

  constructor (document: OpenapiDocument) {
    this.#document = document
    this.#ajv.addSchema({ ...close(document), $id: 'document' })
  }

  operation (method: string, path: string): Operation {
    const operation = this.#document.paths[path]?.[method.toLowerCase()]
    if (operation === undefined) throw new Error(`${method} ${path} is not documented`)
    return operation
  }

  /** The body that an operation takes. */
  body (method: string, path: string): ValidateFunction {
    return this.#compile(this.operation(method, path).requestBody?.content['application/json'])
  }

  /** What is wrong with an answer. */
  faults (method: string, path: string, answer: { statusCode: number, headers: Record<string, unknown>, body: string }): (string | ErrorObject)[] {
    const { responses } = this.operation(method, path)
    const status = String(answer.statusCode)
    const response = responses[status] ?? responses[`${status[0]}XX`]
    if (response === undefined) return [`${method} ${path} ${status} is not documented`]
    const type = String(answer.headers['content-type']).split(';')[0] ?? ''
    const media = this.#resolve(response).content?.[type]
    if (media === undefined) return [`${method} ${path} ${status} ${type} is not documented`]
    const accepts = this.#compile(media)
    return accepts(type.endsWith('json') ? JSON.parse(answer.body) : answer.body) ? [] : accepts.errors ?? []
  }

  #resolve (response: Response | { $ref: string }): Response {
    if (!('$ref' in response)) return response
    const resolved = this.#document.components.responses[response.$ref.split('/').at(-1) ?? '']
    if (resolved === undefined) throw new Error(`${response.$ref} leads nowhere`)
    return resolved
  }

  #compile (media: MediaType | undefined): ValidateFunction {
    if (media === undefined) throw new Error('There is no schema')
    return this.#ajv.compile(absolute(close(media.schema)))
  }
}

function absolute (schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'))
}

/** Objects that may gain members some day have exactly the documented ones today. */
function close<T> (value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, part) => {
    const isOpen = part?.type === 'object' && part.properties !== undefined && part.additionalProperties === undefined
    return isOpen ? { ...part, additionalProperties: false } : part
  })
}
