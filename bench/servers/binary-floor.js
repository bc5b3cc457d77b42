import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'

// Bare Fastify: reads the same bytes, writes the same answer with the same headers, and has no model behind it.
const { PORT, ROUTE, ANSWER_FILE, HEADERS } = process.env
const answer = readFileSync(ANSWER_FILE)
const headers = JSON.parse(HEADERS)

const app = Fastify({ genReqId: () => randomUUID(), bodyLimit: 16 * 1024 * 1024 })

app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

app.post(ROUTE, async ({ id }, reply) => {
  reply.headers(headers)
  if ('x-request-id' in headers) reply.header('x-request-id', id)
  return answer
})

app.get('/ready', async () => 'ready')

process.once('SIGTERM', () => process.exit())
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
