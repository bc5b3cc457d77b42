import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { recordSchema } from '../../../codecs/records/record-schema.js'
import { build } from '../../helper.js'
import { Promised } from './promise.js'
import { readDocument } from './read-document.js'

const examples = ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf']
const rounds = 200

/** Numbers between 0 and 1 that are the same in every run. */
function createRandom (seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32
  }
}

const oddities = [null, true, false, 0, -1, 1, 2.5, 1e39, -1e39, 1e308, 2 ** 53, '', 'text', '1', 'Dream', 'female', 'unknown', 'a\u0000b', [], [1], {}, { a: 1 }]

function vary (record: Record<string, unknown>, random: () => number): unknown {
  const pick = <T>(values: T[]): T | undefined => values[Math.floor(random() * values.length)]
  const varied = { ...record }
  for (let changes = Math.floor(random() * 3); changes > 0; changes--) {
    const name = pick(Object.keys(record)) ?? ''
    const kind = random()
    if (kind < 0.15) delete varied[name]
    else if (kind < 0.25) varied[`${name}_`] = 1
    else if (kind < 0.6) varied[name] = (random() - 0.3) * 10 ** Math.floor(random() * 5)
    else if (kind < 0.7) varied[name] = Math.floor(random() * 3000)
    else varied[name] = pick(oddities)
  }
  return random() < 0.02 ? pick(oddities) : varied
}

async function accepts (app: FastifyInstance, url: string, payload: unknown): Promise<boolean> {
  const { statusCode, body } = await app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(payload) })
  if (statusCode !== 200 && statusCode !== 400) throw new Error(body)
  return statusCode === 200
}

t.test('The document describes records by the very schema that they are validated with', async (t) => {
  const app = await build(t)
  const { components } = await readDocument(app)
  const names = { 'breast-cancer': 'BreastCancer', diabetes: 'Diabetes', iris: 'Iris', penguins: 'Penguins', 'template-rf': 'TemplateRf' }
  for (const [name, stem] of Object.entries(names)) {
    const schema = recordSchema(app.models.get(name).specification.layout, { additional: false })
    t.strictSame(components.schemas[`${stem}Record`], JSON.parse(JSON.stringify(schema)))
  }
})

t.test('The server takes exactly the records that the document allows', async (t) => {
  const app = await build(t)
  const document = await readDocument(app)
  const promised = new Promised(document)
  for (const [index, name] of examples.entries()) {
    const path = `/models/${name}/predict`
    const random = createRandom(index + 1)
    const allowed = promised.body('POST', path)
    const example = Object(document.paths[path]?.post?.requestBody?.content['application/json']?.example)
    let taken = 0
    for (let round = 0; round < rounds; round++) {
      const body = vary(example, random)
      const isAllowed = allowed(body)
      if (isAllowed) taken++
      if (await accepts(app, path, body) !== isAllowed) t.fail(`${name}: ${isAllowed ? 'documented, but refused' : 'taken, but not documented'}: ${JSON.stringify(body)}`)
    }
    t.ok(taken > rounds / 10 && taken < rounds * 0.95, `${name}: ${taken} of ${rounds} were taken`)
  }
})

t.test('The default model takes exactly the bodies that the document allows, in every form', async (t) => {
  const random = createRandom(99)
  for (const name of ['penguins', 'template-rf']) {
    const app = await build(t, { MODEL_PATH: `model-store/${name}` })
    const document = await readDocument(app)
    const promised = new Promised(document)
    const { examples } = document.paths['/predict']?.post?.requestBody?.content['application/json'] ?? {}
    const record = Object(examples?.record?.value)
    const allowed = promised.body('POST', '/predict')
    const allowedBatch = promised.body('POST', '/predict/batch')
    const allowedShown = promised.body('POST', '/preprocess')
    for (let round = 0; round < rounds; round++) {
      const varied = vary(record, random)
      const row = Object.values(Object(varied))
      const forms = [varied, [varied, record], { _data: varied }, { _data: [varied] }, { features: row }, [row], { _samples: varied }, { _data: varied, more: 1 }, { _data: record, _samples: varied }, { _data: record, _samples: [record, varied] }]
      const body = forms[round % forms.length]
      if (await accepts(app, '/predict', body) !== allowed(body)) t.fail(`${name}: /predict and its document disagree on ${JSON.stringify(body)}`)
      const batch = { instances: round % 3 === 0 ? [row, Object.values(record)] : [record, varied] }
      if (await accepts(app, '/predict/batch', batch) !== allowedBatch(batch)) t.fail(`${name}: /predict/batch and its document disagree on ${JSON.stringify(batch)}`)
      const shown = round % 2 === 0 ? body : batch
      if (await accepts(app, '/preprocess', shown) !== allowedShown(shown)) t.fail(`${name}: /preprocess and its document disagree on ${JSON.stringify(shown)}`)
    }
    t.pass(name)
  }
})
