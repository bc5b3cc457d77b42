import type { FastifyInstance } from 'fastify'
import type { OpenapiDocument } from '../../../plugins/openapi/document.js'

/** The document that the server gives at this moment. */
export async function readDocument (app: FastifyInstance): Promise<OpenapiDocument> {
  const response = await app.inject('/openapi.json')
  return response.json()
}
