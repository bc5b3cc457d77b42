import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { schemas } from './schemas.js'

// Bare Fastify: checks the same record, writes the same answer with the same headers, and has no model behind it.
const { PORT, ANSWER, HEADERS } = process.env
const answer = JSON.parse(ANSWER)
const headers = JSON.parse(HEADERS)
const { body, answer: response } = schemas.iris

const app = Fastify({ genReqId: () => randomUUID(), ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } })

app.post('/models/iris/predict', { schema: { body, response: { 200: response } } }, async ({ id }, reply) => {
  reply.headers(headers)
  if ('x-request-id' in headers) reply.header('x-request-id', id)
  return { ...answer, request_id: id }
})

app.get('/ready', async () => 'ready')

process.once('SIGTERM', () => process.exit())
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
