import t from 'tap'
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allocate, type DataType, type Tensor } from '../../codecs/tensor.js'
import { fromFloat16Bits, toFloat16Bits } from '../../codecs/float16.js'
import { OnnxSession } from '../../workers/onnx-session.js'
import { examplePath, zooPath } from '../helper.js'

process.env.ORT_DISABLE_TELEMETRY = '1'

interface Expected {
  inputs: Record<string, { type: DataType, dims: number[], data: unknown[] }>
  outputs: Record<string, { type: DataType, dims: number[], data: unknown[] }>
}

async function open (name: string): Promise<OnnxSession> {
  const path = name.endsWith('.onnx') ? name : zooPath(name)
  return await OnnxSession.open({ key: 'test', path, folder: join(path, '..') })
}

async function expectationOf (name: string): Promise<Expected> {
  return JSON.parse(await readFile(join(zooPath(name), '../expected.json'), 'utf8')) as Expected
}

function pack (name: string, { type, dims, data }: { type: DataType, dims: number[], data: unknown[] }): Tensor {
  const packed = allocate(type, data.length)
  for (const [index, value] of data.entries()) packed[index] = packElement(type, value)
  return { name, type, dims, data: packed }
}

function packElement (type: DataType, value: unknown): never {
  if (type === 'int64' || type === 'uint64') return BigInt(value as number) as never
  if (type === 'float16') return toFloat16Bits(Number(value)) as never
  return (type === 'bool' ? Number(value) : value) as never
}

/** The greatest difference between what came and what was expected, relative to values above one. */
function distance (got: Tensor | undefined, expected: Expected['outputs'][string]): number {
  if (got === undefined || got.data.length !== expected.data.length) return Infinity
  let greatest = 0
  for (const [index, value] of expected.data.entries()) {
    const element = got.data[index]
    if (typeof value === 'string') greatest = Math.max(greatest, element === value ? 0 : Infinity)
    else greatest = Math.max(greatest, Math.abs(toNumber(got.type, element) - Number(value)) / Math.max(1, Math.abs(Number(value))))
  }
  return greatest
}

function toNumber (type: DataType, element: unknown): number {
  return type === 'float16' ? fromFloat16Bits(Number(element)) : Number(element)
}

for (const type of ['float32', 'float64', 'float16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool', 'string'] as const) {
  t.test(`${type} goes in and comes out unchanged`, async (t) => {
    const { inputs: { x } } = await expectationOf(`identity-${type}`)
    if (x === undefined) throw new Error('the fixture has no x')
    const session = await open(`identity-${type}`)
    const input = pack('x', x)
    const { outputs: [output] } = await session.run([input])
    t.match(output, { name: 'y', type, dims: x.dims })
    t.same([...output?.data ?? []], [...input.data])
    await session.release()
  })
}

for (const [type, data] of [['int64', BigInt64Array.of(1n, -(2n ** 63n), 2n ** 63n - 1n, 0n)], ['uint64', BigUint64Array.of(1n, 2n ** 64n - 1n, 2n ** 63n, 0n)]] as const) {
  t.test(`${type} keeps every bit`, async (t) => {
    const session = await open(`identity-${type}`)
    const { outputs: [output] } = await session.run([{ name: 'x', type, dims: [2, 2], data }])
    t.same(output, { name: 'y', type, dims: [2, 2], data })
    await session.release()
  })
}

for (const name of ['logistic-string-labels', 'random-forest-binary', 'gradient-boosting-3-classes', 'external-data', 'external-data-zipmap', 'several-outputs', 'digits-convolution', 'strings-and-booleans', 'lightgbm', 'logistic-zipmap-columns-strings']) {
  t.test(`${name} computes what its library computed`, async (t) => {
    const { inputs, outputs } = await expectationOf(name)
    const session = await open(name)
    const result = await session.run(session.description.inputs.map((spec) => {
      const given = inputs[spec.name]
      if (given === undefined) throw new Error(`the fixture has no ${spec.name}`)
      return pack(spec.name, given)
    }))
    t.equal(result.outputs.length, session.description.outputs.length)
    for (const output of result.outputs) {
      const expected = outputs[output.name]
      if (expected !== undefined) t.ok(distance(output, expected) < 1e-5, `${output.name} is off by ${distance(output, expected)}`)
    }
    await session.release()
  })
}

t.test('the tensor behind a ZipMap takes its place among the outputs', async (t) => {
  const session = await open('logistic-string-labels')
  const { graph, outputs, inputs, sha256, bytes, runtime } = session.description
  t.equal(graph.zipMaps.length, 1)
  t.same(outputs.map(({ name }) => name), [graph.outputs[0]?.name, graph.zipMaps[0]?.input])
  t.match(sha256, /^[0-9a-f]{64}$/)
  t.ok(bytes > 0)
  t.match(runtime, { name: 'onnxruntime', version: /^\d+\.\d+/ })
  t.same(inputs.map(({ dims }) => dims[0]), [-1], 'an open dimension is -1')
  await session.release()
})

t.test('scores that the graph splits come once more as a whole, behind its own outputs', async (t) => {
  const session = await open('mlp-zipmap-columns')
  const { outputs, inputs } = session.description
  t.same(outputs.map(({ name }) => name), ['output_label', 'sno', 'syes', 'probabilities'])
  const x = (await expectationOf('mlp-zipmap-columns')).inputs.X
  if (x === undefined) throw new Error('the fixture has no X')
  const [, no, yes, whole] = (await session.run([pack(inputs[0]?.name ?? '', x)])).outputs
  t.same([...whole?.data ?? []], [...no?.data ?? []].flatMap((share, row) => [share, yes?.data[row]]))
  await session.release()
})

t.test('a session computes with as many threads as it is told', { skip: process.platform !== 'linux' && 'threads are counted in /proc' }, async (t) => {
  const path = zooPath('random-forest')
  const count = async () => (await readdir('/proc/self/task')).length
  const more = async (intraOpNumThreads: number) => {
    const before = await count()
    const session = await OnnxSession.open({ key: 'test', path, folder: join(path, '..'), session: { intraOpNumThreads } })
    const opened = await count()
    await session.release()
    return opened - before
  }
  await more(1)
  t.equal(await more(4) - await more(1), 3, 'the caller is one of them')
})

t.test('a tapped tensor becomes one more output', async (t) => {
  const plain = await open(examplePath('iris'))
  const tap = plain.description.graph.preprocessed
  if (tap === undefined) throw new Error('the example does not preprocess')
  const session = await OnnxSession.open({ key: 'test', path: examplePath('iris'), folder: join(examplePath('iris'), '..'), taps: [tap] })
  t.same(session.description.outputs.map(({ name }) => name), [...plain.description.outputs.map(({ name }) => name), tap])
  const { outputs } = await session.run([{ name: session.description.inputs[0]?.name ?? '', type: 'float32', dims: [1, 4], data: Float32Array.of(5, 3, 1.4, 0.2) }])
  t.same(outputs[2]?.dims, [1, 4])
  await Promise.all([plain.release(), session.release()])
})

t.test('a file that is no servable model is refused with a reason for its owner', async (t) => {
  const reasons: Record<string, RegExp> = {
    bfloat16: /input 'x' has element type 16, which cannot be served/,
    'external-absolute': /external data '.*' leaves the model's folder/,
    'external-escape': /external data '.*' leaves the model's folder/,
    'external-symlink': /external data 'weights.bin' leaves the model's folder/,
    'external-missing': /external data '.*' cannot be read/
  }
  for (const [name, message] of Object.entries(reasons)) await t.rejects(open(`broken/${name}`), { message }, name)
  for (const name of ['empty', 'pickle', 'text', 'truncated']) await t.rejects(open(`broken/${name}`), { message: /ONNX|empty|truncated|pickle/i }, name)
  await t.rejects(open('broken/unknown-operator'), { message: /NoSuchOp|not a registered|unknown|operator/i })
})

t.test('a file that changed since it was loaded is refused', async (t) => {
  const path = join(t.testdir(), 'model.onnx')
  await copyFile(zooPath('fails-on-13'), path)
  const first = await OnnxSession.open({ key: 'test', path, folder: join(path, '..') })
  const { sha256 } = first.description
  await first.release()
  const second = await OnnxSession.open({ key: 'test', path, folder: join(path, '..'), sha256 })
  await second.release()
  await writeFile(path, await readFile(zooPath('identity-float32')))
  await t.rejects(OnnxSession.open({ key: 'test', path, folder: join(path, '..'), sha256 }), { message: 'the file changed on disk since this version was loaded' })
})

t.test('a row that the graph rejects is a rejection, and the session goes on', async (t) => {
  const session = await open('fails-on-13')
  const column = (x: number): Tensor[] => [{ name: 'x', type: 'float32', dims: [1, 1], data: Float32Array.of(x) }]
  await t.rejects(session.run(column(13)), { message: /indices/ })
  t.same((await session.run(column(1))).outputs[0]?.data, Float32Array.of(21))
  await session.release()
})
