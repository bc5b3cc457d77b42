import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { compareModels } from '../model-comparison.js'
import { OnnxSession } from '../workers/onnx-session.js'
import { build, examplePath, makeStore, typedInstance, zooPath } from './helper.js'

const store = join(import.meta.dirname, 'fixtures/variants')
const digits = (version: string) => join(store, 'digits', version)

interface Expected {
  bytes: [number, number]
  equal_labels: number
  largest_difference: number
  mean_difference: number
}

const { rows, variants }: { rows: number[][], variants: Record<string, Expected> } = JSON.parse(readFileSync(join(store, 'digits.json'), 'utf8'))

/** A processor may round a number between two steps of int8 the other way. */
function isClose (found: number | undefined, wanted: number, step: number): boolean {
  return found !== undefined && (found === wanted || (wanted !== 0 && Math.abs(found - wanted) <= step))
}

t.test('quantised variants agree with their original as far as Python says', async (t) => {
  const file = join(t.testdir({ 'rows.json': JSON.stringify(rows) }), 'rows.json')
  for (const [version, wanted] of Object.entries(variants)) {
    const found = await compareModels([digits('1'), digits(version)], file)
    t.same(found.variants.map(({ bytes }) => bytes), wanted.bytes)
    t.same([found.rows, found.source], [rows.length, file])
    t.ok(isClose(found.equalLabels, wanted.equal_labels, 1.5 / rows.length), `${found.equalLabels} is ${wanted.equal_labels}`)
    t.ok(isClose(found.largestDifference, wanted.largest_difference, 5e-3), `${found.largestDifference} is ${wanted.largest_difference}`)
    t.ok(isClose(found.meanDifference, wanted.mean_difference, 5e-4), `${found.meanDifference} is ${wanted.mean_difference}`)
    t.ok(found.variants.every(({ p50Ms }) => p50Ms > 0))
  }
  t.ok((variants[2]?.equal_labels ?? 1) < 1, 'the variants are not the same')
})

t.test('every variant is a version that is listed with its size', async (t) => {
  const app = await build(t, { MODEL_STORE: store })
  const { models } = (await app.inject('/models')).json()
  t.match(models, [{ name: 'digits', versions: ['3', '2', '1'].map((version) => ({ version, state: 'READY', bytes: variants[version]?.bytes[1] })) }])
  t.same(models[0].versions.map(({ batched }: { batched: boolean }) => batched), [true, false, true], 'what a dynamically quantised model answers depends on the rows beside it')
  const answer = await app.inject({ method: 'POST', url: '/models/digits/versions/2/predict/batch', payload: { instances: rows.slice(0, 3).map((row) => typedInstance(app, 'digits', row)) } })
  t.equal(answer.statusCode, 200)
})

t.test('rows come from a file, the background rows, or the ranges of the features', async (t) => {
  const folder = t.testdir({
    'records.json': JSON.stringify([{ sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }]),
    'table.json': JSON.stringify({ columns: ['petal_width', 'petal_length', 'sepal_width', 'sepal_length'], rows: [[0.2, 1.4, 3.5, 5.1], [2.3, 5.2, 3, 6.7]] }),
    'instances.json': JSON.stringify({ instances: [[5.1, 3.5, 1.4, 0.2]] }),
    'wrong.json': JSON.stringify([{ sepal_length: 'long' }]),
    'odd.json': '{"rows":1}',
    'text.json': 'a,b'
  })
  const iris: [string, string] = [examplePath('iris'), examplePath('iris')]
  for (const [name, count] of [['records', 1], ['table', 2], ['instances', 1]] as const) {
    t.match(await compareModels(iris, join(folder, `${name}.json`)), { rows: count, equalLabels: 1, largestDifference: 0 })
  }
  t.match(await compareModels(iris), { rows: 75, source: 'background.json' })
  await t.rejects(compareModels(iris, join(folder, 'wrong.json')), { message: /wrong\.json: \/instances\/0\/sepal_length must be a number/ })
  await t.rejects(compareModels(iris, join(folder, 'odd.json')), { message: /odd\.json: is no list/ })
  await t.rejects(compareModels(iris, join(folder, 'text.json')), { message: /text\.json: is no JSON: / })
  await t.rejects(compareModels(iris, join(folder, 'none.json')), { message: /none\.json: cannot be read/ })
  t.match(await compareModels([digits('1'), digits('2')]), { rows: 200, source: 'random, seed 0' })

  const features = [
    { name: 'a', type: 'integer', minimum: 2, maximum: 3 },
    { name: 'b', type: 'category', categories: ['x', 'y'] },
    { name: 'c', type: 'boolean' },
    { name: 'd', type: 'numeric', maximum: -5 }
  ]
  const bare = await makeStore(t, { named: { zoo: 'torch-softmax', files: { 'metadata.json': { features } } } })
  t.match(await compareModels([join(bare, 'named/1'), zooPath('torch-softmax')]), { rows: 200, equalLabels: 1, largestDifference: 0 })
})

t.test('models of every kind of input can be compared on random tensors', async (t) => {
  for (const name of ['identity-string', 'identity-int64', 'identity-bool', 'identity-float16', 'digits-convolution', 'strings-and-booleans', 'torch-fixed-batch-of-1', 'logistic-zipmap-columns', 'two-targets-forest', 'not-finite']) {
    t.match(await compareModels([zooPath(name), zooPath(name)]), { rows: 200, largestDifference: 0 }, name)
  }
})

t.test('external data counts', async (t) => {
  const { variants: [{ bytes }] } = await compareModels([zooPath('external-data'), zooPath('external-data')])
  const sizes = ['model.onnx', 'weights.bin'].map((file) => readFileSync(join(zooPath('external-data'), '..', file)).byteLength)
  t.equal(bytes, (sizes[0] ?? 0) + (sizes[1] ?? 0))
})

t.test('what cannot be compared is refused with the reason', async (t) => {
  await t.rejects(compareModels(['no-such-model', digits('1')]), { message: /^there is nothing at .*no-such-model$/ })
  await t.rejects(compareModels([digits('1'), zooPath('broken/truncated')]), { message: /broken\/truncated.*truncated/ })
  await t.rejects(compareModels([zooPath('identity-float32'), zooPath('identity-int64')]), { message: /^they take other inputs: .*identity-float32.*\.onnx has x \(float32\); .*identity-int64.*\.onnx has x \(int64\)$/ })
  await t.rejects(compareModels([zooPath('logistic-zipmap-columns'), zooPath('random-forest')]), { message: /^they (take|give) other (in|out)puts: .*logistic-zipmap-columns.* has .*\(.*random-forest.* has .*\(/ })
  await t.rejects(compareModels([examplePath('iris'), zooPath('identity-float32')]), { message: /^they take other inputs: / })
  const bare = await makeStore(t, { wide: { zoo: 'torch-softmax', files: { 'metadata.json': { features: ['a', 'b'].map((name) => ({ name, type: 'numeric' })) } } } })
  const own = join(bare, 'wide/1')
  await t.rejects(compareModels([own, zooPath('torch-softmax')]), { message: new RegExp(`^${own}: `) })
  await t.rejects(compareModels([zooPath('torch-softmax'), own]), { message: new RegExp(`^${zooPath('torch-softmax')} has no metadata of its own, and that of ${own} does not fit: `) })
})

t.test('no session stays open, whatever fails', async (t) => {
  const released = t.capture(OnnxSession.prototype, 'release', OnnxSession.prototype.release)
  const count = async (paths: [string, string], file?: string) => {
    await t.rejects(compareModels(paths, file))
    return released().length
  }
  t.equal(await count([digits('1'), zooPath('broken/truncated')]), 1)
  t.equal(await count([zooPath('identity-float32'), zooPath('identity-int64')]), 2)
  t.equal(await count([digits('1'), digits('2')], 'none.json'), 2)
})

t.test('the command prints a table, or one line that says what is wrong', async (t) => {
  const run = promisify(execFile)
  const command = ['--import', './test/type-stripping.js', 'compare.ts']
  const cwd = join(import.meta.dirname, '..')
  const { stdout } = await run(process.execPath, [...command, digits('1'), digits('2')], { cwd })
  t.match(stdout, /^size +15529 bytes +6675 bytes \(43 %\)$/m)
  t.match(stdout, /^p50 of one row +[\d.]+ ms +[\d.]+ ms \(\d+ %\)$/m)
  t.match(stdout, /^equal labels: [\d.]+ % of 200 rows \(random, seed 0\)$/m)
  const typedIn = { cwd, env: { ...process.env, INIT_CWD: join(store, 'digits') } }
  t.match((await run(process.execPath, [...command, '1', '2', '--rows', '../rows-of-digits.json'], typedIn).catch(({ stderr }) => stderr)), /^not compared: .*fixtures\/variants\/rows-of-digits\.json: cannot be read\n$/)
  await t.rejects(run(process.execPath, [...command, digits('1')], { cwd }), { code: 1, stderr: /^not compared: name two [^\n]*\n$/ })
  await t.rejects(run(process.execPath, [...command, digits('1'), 'nothing'], { cwd }), { code: 1, stderr: /^not compared: there is nothing at [^\n]*\n$/ })
})
