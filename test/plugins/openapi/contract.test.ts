import { readFile } from 'node:fs/promises'
import type { FastifyInstance, InjectOptions } from 'fastify'
import t from 'tap'
import { addModel, build, hold, makeStore, until } from '../../helper.js'
import { Promised } from './promise.js'
import { readDocument } from './read-document.js'

const examples = ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf']

async function recordsOf (name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(new URL(`../../../model-store/${name}/1/tests.json`, import.meta.url), 'utf8')
  const { cases }: { cases: { input: Record<string, unknown> }[] } = JSON.parse(text)
  return cases.map(({ input }) => input)
}

/** Sends a request; the answer's status, or what the document does not promise about it. */
async function ask (app: FastifyInstance, promised: Promised, path: string, request: InjectOptions): Promise<unknown> {
  const answer = await app.inject({ url: path, method: 'POST', ...request })
  const faults = promised.faults(request.method ?? 'POST', path.replace(/\?.*/, ''), answer)
  return faults.length === 0 ? answer.statusCode : { path, status: answer.statusCode, body: answer.body, faults }
}

t.test('Every answer of the typed faces is as documented', async (t) => {
  const app = await build(t, { BODY_LIMIT: 8192 })
  const promised = new Promised(await readDocument(app))
  for (const name of examples) {
    const records = await recordsOf(name)
    const [record = {}] = records
    for (const base of [`/models/${name}`, `/models/${name}/versions/1`]) {
      t.equal(promised.body('POST', `${base}/predict`)(record), true, `${base} documents its own tests`)
      t.equal(promised.body('POST', `${base}/predict/batch`)({ instances: records }), true)
      t.equal(await ask(app, promised, `${base}/predict`, { payload: record }), 200)
      t.equal(await ask(app, promised, `${base}/predict/batch`, { payload: { instances: records } }), 200)
      for (const payload of [{ ...record, more: 1 }, [], { instances: [] }, '"text"', '{', 'null']) {
        t.equal(await ask(app, promised, `${base}/predict`, { payload, headers: { 'content-type': 'application/json' } }), 400)
        t.equal(await ask(app, promised, `${base}/predict/batch`, { payload, headers: { 'content-type': 'application/json' } }), 400)
      }
      t.equal(await ask(app, promised, `${base}/predict`, { payload: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }), 415)
      t.equal(await ask(app, promised, `${base}/predict`, { payload: { a: 'a'.repeat(app.config.BODY_LIMIT) } }), 413)
    }
  }
})

t.test('Every answer of the default faces is as documented, in each style', async (t) => {
  for (const name of examples) {
    const app = await build(t, { MODEL_PATH: `model-store/${name}` })
    const promised = new Promised(await readDocument(app))
    const records = await recordsOf(name)
    const [record = {}] = records
    const { features = [] } = app.models.get().specification.layout
    const row = features.map((feature) => record[feature.name])
    const bodies = [record, { ...record, more: 1 }, records, { _data: record }, { _data: records, _samples: records }, { features: row }]
    const proba = app.models.get().hasProbabilities ? ['', 'proba=1&'] : ['']
    for (const flag of proba) {
      for (const style of ['', 'style=scalar', 'style=list', 'style=label']) {
        for (const payload of bodies) {
          t.equal(promised.body('POST', '/predict')(payload), true, JSON.stringify(payload).slice(0, 40))
          t.equal(await ask(app, promised, `/predict?${flag}${style}`, { payload }), 200)
        }
      }
    }
    for (const payload of [{ instances: records }, { instances: [row, row] }]) {
      t.equal(promised.body('POST', '/predict/batch')(payload), true)
      t.equal(await ask(app, promised, '/predict/batch', { payload }), 200)
    }
    for (const payload of [records, { _data: record }]) t.equal(await ask(app, promised, '/preprocess', { payload }), 200)
    for (const payload of [{ features: [1, ...row] }, { _data: 3 }, { features: row, more: 1 }, { _samples: [] }, [], [[]]]) {
      t.equal(promised.body('POST', '/predict')(payload), false, JSON.stringify(payload).slice(0, 40))
      t.equal(await ask(app, promised, '/predict', { payload }), 400)
    }
    t.equal(await ask(app, promised, '/predict?style=none', { payload: record }), 400)
  }
})

t.test('Errors of a model, of the queue and of the clock are as documented', async (t) => {
  const store = await makeStore(t, {
    slow: { zoo: 'slow', config: { queue: { max_rows: 1, timeout_ms: 3_600_000 } } },
    fails: { zoo: 'fails-on-13' },
    ruled: { example: 'diabetes', files: { 'metadata.json': await withRule() } }
  })
  const app = await build(t, { MODEL_STORE: store, DEFAULT_MODEL: 'fails', REQUEST_TIMEOUT_MS: 3_600_000 })
  const promised = new Promised(await readDocument(app))
  const width = app.models.get('slow').specification.layout.width ?? 0
  const slow = { features: new Array(width).fill(1) }
  const queue = hold(app, 'slow')
  t.equal(await ask(app, promised, '/models/slow/predict', { payload: slow, headers: { 'x-request-timeout-ms': '1' } }), 504)
  const waiting = ask(app, promised, '/models/slow/predict', { payload: slow })
  await until(() => queue.rowsWaiting === 1)
  t.equal(await ask(app, promised, '/models/slow/predict', { payload: slow }), 503)
  queue.options.maxDelayUs = 0
  const [record = {}] = await recordsOf('diabetes')
  t.equal(await ask(app, promised, '/models/ruled/predict', { payload: { ...record, age: 125 } }), 422)
  const { inputs } = app.models.get('fails').specification.layout
  t.equal(await ask(app, promised, '/models/fails/predict', { payload: { [inputs[0]?.name ?? '']: 13 } }), 500)
  t.equal(await waiting, 200)
  await app.models.unload('slow')
  t.equal(await ask(app, promised, '/models/slow/predict', { payload: slow }), 503)
})

async function withRule (): Promise<unknown> {
  const text = await readFile(new URL('../../../model-store/diabetes/1/metadata.json', import.meta.url), 'utf8')
  return { ...JSON.parse(text), rules: [{ message: 'age must be below 120', logic: { '<': [{ var: 'age' }, 120] } }] }
}

t.test('What the other routes answer is as documented', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' }, text: { zoo: 'broken/text' }, states: { zoo: 'several-outputs' } })
  const app = await build(t, { MODEL_STORE: store, DEFAULT_MODEL: 'iris' })
  const document = await readDocument(app)
  const promised = new Promised(document)
  const simple = Object.entries(document.paths).filter(([path, { get }]) => get !== undefined && !path.includes('{')).map(([path]) => path)
  t.ok(simple.length > 5)
  for (const accept of ['application/json', 'text/plain']) {
    for (const path of simple) t.equal(await ask(app, promised, path, { method: 'GET', headers: { accept } }), 200, `${path} as ${accept}`)
  }
  t.equal(await ask(app, promised, '/metrics', { method: 'GET', headers: { accept: 'image/png' } }), 406)
  const answers = [['iris', '1', 200], ['states', '1', 200], ['iris', '7', 404], ['none', '1', 404]] as const
  for (const [model, version, status] of answers) {
    const one = await app.inject(`/models/${model}`)
    t.strictSame(promised.faults('GET', '/models/{model}', one), [])
    const other = await app.inject(`/models/${model}/versions/${version}`)
    t.equal(other.statusCode, status)
    t.strictSame(promised.faults('GET', '/models/{model}/versions/{version}', other), [])
  }
})

t.test('A server without a default model documents that /predict has none', async (t) => {
  const store = await makeStore(t)
  const app = await build(t, { MODEL_STORE: store })
  const promised = new Promised(await readDocument(app))
  t.equal(await ask(app, promised, '/predict', { payload: {} }), 404)
  t.equal(await ask(app, promised, '/ready', { method: 'GET', headers: { accept: 'application/json' } }), 503)
  t.equal(await ask(app, promised, '/ready', { method: 'GET' }), 503)
  await addModel(store, 'iris', { example: 'iris' })
  await app.models.reload()
  const [record = {}] = await recordsOf('iris')
  t.equal(await ask(app, new Promised(await readDocument(app)), '/predict', { payload: record }), 200)
})
