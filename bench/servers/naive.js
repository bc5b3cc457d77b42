import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import Fastify from 'fastify'
import { Piscina } from 'piscina'
import { schemas } from './schemas.js'

process.env.ORT_DISABLE_TELEMETRY = '1'

// What one writes first: the floor with the model behind it, one Piscina task for every request.
const { PORT, MODEL, MODEL_FILE } = process.env
const threads = availableParallelism()
const pool = new Piscina({
  filename: import.meta.resolve('./naive-worker.js'),
  minThreads: threads,
  maxThreads: threads,
  workerData: MODEL_FILE
})
const { names, classNames, body, answer } = schemas[MODEL]

const app = Fastify({ genReqId: () => randomUUID(), ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } })

app.post(`/models/${MODEL}/predict`, { schema: { body, response: { 200: answer } } }, async ({ body: record, id }) => {
  const row = names === undefined ? record.features : names.map((name) => record[name])
  const outputs = await pool.run({ data: Float32Array.from(row), dims: [1, row.length] })
  return { ...present(outputs), model: MODEL, model_version: '1', request_id: id }
})

app.get('/ready', async () => 'ready')

process.once('SIGTERM', () => process.exit())
await Promise.all(Array.from({ length: threads * 4 }, () => pool.run(undefined)))
await app.listen({ host: '127.0.0.1', port: Number(PORT) })

function present (outputs) {
  if (classNames === undefined) return { prediction: { logits: Array.from(outputs[0].data) }, confidence: null }
  const [label, probabilities] = outputs
  const index = Number(label.data[0])
  return {
    prediction: classNames[index],
    predicted_class: classNames[index],
    confidence: probabilities.data[index],
    probabilities: Object.fromEntries(classNames.map((name, at) => [name, probabilities.data[at]]))
  }
}
