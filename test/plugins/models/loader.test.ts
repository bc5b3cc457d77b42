import t from 'tap'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { Pool } from '../../../plugins/inference/pool.js'
import { addModel, build, create, makeStore, start, until, zooPath } from '../../helper.js'
import { codeOf, deadlineIn, generous } from '../inference/lanes.js'

const threads = new Set<Worker>()
process.on('worker', (worker) => {
  threads.add(worker)
  worker.on('exit', () => threads.delete(worker))
})

const broken = ['bfloat16', 'empty', 'external-absolute', 'external-escape', 'external-missing', 'external-symlink', 'pickle', 'text', 'truncated', 'unknown-operator']
const record = { sepal_length: 4.8, sepal_width: 3, petal_length: 1.4, petal_width: 0.3 }

const store = t.testdir()
for (const name of broken) await addModel(store, name, { zoo: `broken/${name}` })
await writeFile(join(store, 'external-symlink/escape.bin'), 'anything')
await addModel(store, 'iris', { example: 'iris' })
await addModel(store, 'external-data', { zoo: 'external-data' })
await addModel(store, 'solo', { zoo: 'fails-on-13', config: { dedicated: true } })
const features = [{ name: 'x', type: 'numeric' }]
const rules = [{ message: 'm', logic: { '<': [{ var: 'x' }, 1] } }, { message: 'm', logic: { and: [{ '>': [{ var: 'x' }, 1] }, { foo: [] }] } }]
await addModel(store, 'unknown-operation', { zoo: 'fails-on-13', files: { 'metadata.json': { schema: 1, features, rules } } })
await addModel(store, 'too-many-features', { zoo: 'fails-on-13', files: { 'metadata.json': { schema: 1, features: [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'numeric' }] } } })
const app = await create(t, { MODEL_STORE: store, WORKERS: '1', POOL_PARSE_BYTES: 1000, DEFAULT_MODEL: 'iris' })
const errors = t.capture(app.log, 'error')
await start(app)

t.test('files that cannot be served leave the others alone; GET /models and the log say why', async (t) => {
  const { models } = (await app.inject('/models')).json() as { models: { name: string, reason: string, versions: { state: string, reason: string }[] }[] }
  const logged = errors().map(({ args }) => args.map(String).join(' '))
  for (const name of [...broken, 'too-many-features']) {
    const entry = models.find((model) => model.name === name)
    const version = entry?.versions[0]
    t.equal(version?.state, 'UNAVAILABLE', name)
    t.match(version?.reason, name === 'too-many-features' ? /metadata\.json.*features/ : /model\.onnx/, name)
    t.ok(logged.some((line) => line.includes(`model ${name} version 1 cannot be loaded`) && line.includes(version?.reason ?? '?')), `${name} is in the log`)
  }
  for (const name of ['external-absolute', 'external-escape', 'external-symlink']) {
    t.match(models.find((model) => model.name === name)?.versions[0]?.reason, /leaves the model's folder/)
  }
  t.same(models.filter(({ versions }) => versions[0]?.state === 'READY').map(({ name }) => name).sort(), ['external-data', 'iris', 'solo'])
  t.equal((await app.inject({ method: 'POST', url: '/predict', payload: record })).statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/models/text/predict', payload: record })).statusCode, 503)
})

t.test('a rule that could never be applied is found at once, even where no record leads', async (t) => {
  const [version] = app.models.describe(app.models.entry('unknown-operation')).versions
  t.equal(version?.reason, 'unknown-operation/1/metadata.json: rules[1].logic: unrecognized operation foo')
})

t.test('a version is replaced while requests are in flight, and none of them fails', async (t) => {
  const old = app.models.get('iris')
  const codes = new Set<number>()
  const traffic = { flows: true, answers: 0 }
  const big = JSON.stringify({ instances: Array.from({ length: 60 }, () => record) })
  const clients = ['/predict', '/models/iris/predict/batch', '/models/iris/predict'].map(async (url) => {
    while (traffic.flows) {
      const { statusCode } = await app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload: url.endsWith('batch') ? big : JSON.stringify(record) })
      codes.add(statusCode)
      traffic.answers++
    }
  })
  await until(() => traffic.answers > 5)
  await app.models.load('iris')
  await until(() => old.lane.queue.closed)
  const answers = traffic.answers
  await until(() => traffic.answers > answers + 5)
  traffic.flows = false
  await Promise.all(clients)
  t.same([...codes], [200])
  t.not(app.models.get('iris'), old)
  t.equal(await codeOf(old.infer([], deadlineIn())), 'MODEL_NOT_READY', 'the old one is gone')
})

t.test('a request whose body is being read when its version is replaced is still answered by it', async (t) => {
  const model = app.models.get('iris')
  const reading = model.read(Buffer.from(JSON.stringify({ instances: [record, record] })), 'batch', true)
  await app.models.unload('iris')
  const predictions = await model.predict(await reading, deadlineIn())
  t.match(predictions, [{ predicted_class: 'setosa' }, { predicted_class: 'setosa' }])
  await until(() => model.lane.queue.closed)
  t.match((await app.inject({ method: 'POST', url: '/predict', payload: record })).json(), { status: 503, code: 'MODEL_NOT_READY' })
})

t.test('a broken file that arrives while the server runs is refused after a look at it in another process', async (t) => {
  await addModel(store, 'late', { zoo: 'broken/unknown-operator' })
  errors()
  await app.models.reload()
  t.notMatch(JSON.stringify(errors().map(({ args }) => args)), /Command failed/)
  t.match(app.models.describe(app.models.entry('late')), { versions: [{ state: 'UNAVAILABLE', reason: /^late\/1\/model\.onnx: .*operator|NoSuch|registered/i }] })
  await rm(join(store, 'late'), { recursive: true })
  await addModel(store, 'late', { zoo: 'fails-on-13' })
  await app.models.reload()
  t.equal((await app.inject({ method: 'POST', url: '/models/late/predict/batch', payload: { instances: [{ x: 1 }] } })).json().predictions[0].prediction, 21)
})

t.test('a dedicated model has a thread of its own, which ends with it', async (t) => {
  const before = threads.size
  await app.models.unload('solo')
  await until(() => threads.size < before)
  t.equal(threads.size, before - 1)
  t.equal(app.inference.threads, 1)
})

t.test('two applications in one process serve different stores', async (t) => {
  const other = await build(t, { MODEL_PATH: zooPath('external-data'), WORKERS: '1' })
  t.same(other.models.list().map(({ name }) => name), ['external-data'])
  t.equal((await other.inject({ method: 'POST', url: '/models/iris/predict', payload: record })).statusCode, 404)
  t.equal((await app.inject('/models/iris')).statusCode, 200)
})

t.test('WATCH follows the store by itself', async (t) => {
  const watched = await makeStore(t)
  const watching = await build(t, { MODEL_STORE: watched, WORKERS: '1', WATCH: true })
  t.equal(watching.models.unready, 'no model is loaded')
  await addModel(watched, 'new', { zoo: 'fails-on-13' })
  await until(() => watching.models.unready === undefined)
  t.equal(watching.models.get().name, 'new')
})

t.test('a DEFAULT_MODEL that is not there fails the start with one line', async (t) => {
  const empty = await makeStore(t, { a: { zoo: 'fails-on-13' } })
  await writeFile(join(empty, 'notes.md'), 'x')
  await t.rejects(build(t, { MODEL_STORE: empty, WORKERS: '1', DEFAULT_MODEL: 'iris' }), { message: /^DEFAULT_MODEL names 'iris', which is not in .*; it holds a$/ })
})

t.test('no thread is started once the application is closed', async (t) => {
  const closing = await build(t, { MODEL_STORE: await makeStore(t, { a: { zoo: 'fails-on-13' } }), WORKERS: '1' })
  const { artefact: { path, folder }, config: { session } } = closing.models.get('a')
  await closing.close()
  t.match(closing.models.unready, /shutting down/)
  const left = threads.size
  await t.rejects(closing.inference.open({ key: 'k', path, folder, session }, 'a', { ...generous, dedicated: true }), { code: 'DRAINING' })
  t.equal(await codeOf(closing.models.load('a')), 'DRAINING')
  t.equal(threads.size, left)
})

t.test('both threads of a model with two instances run it though nobody asks', async (t) => {
  const runs = new Map<string, Set<number>>()
  const { infer } = Pool.prototype
  t.teardown(() => { Pool.prototype.infer = infer })
  Pool.prototype.infer = function (thread, task, transfer) {
    runs.set(task.key, (runs.get(task.key) ?? new Set()).add(thread))
    return infer.call(this, thread, task, transfer)
  }
  const pair = await build(t, { MODEL_STORE: await makeStore(t, { pair: { zoo: 'fails-on-13', config: { instances: 2 } } }), WORKERS: '2' })
  const { queue } = pair.models.get('pair').lane
  // The second thread may come up later than the model.
  await until(() => runs.get(queue.key)?.size === 2)
  t.equal(queue.statistics.executionCount, 0)
})
