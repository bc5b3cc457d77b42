import t from 'tap'
import { limitJson, loadConfig } from '../../../config.js'
import { build } from '../../helper.js'
import { buildServer, ServerProcess } from '../../server-process.js'

const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const json = { 'content-type': 'application/json' }
const worst = ['{"34":', '0', '}'] as const

/** As many items as fit into a list of so many bytes. */
function list (length: number, item: string): string {
  return `[${Array(Math.floor((length - 1) / (item.length + 1))).fill(item).join()}]`
}

function listOf (length: number, item: (index: number) => string): string {
  const items: string[] = []
  for (let left = length - 2; left > 40;) {
    const written = item(items.length)
    items.push(written)
    left -= written.length + 1
  }
  return `[${items.join()}]`
}

function nest (length: number, [open, inner, close]: readonly [string, string, string]): string {
  const depth = Math.floor((length - inner.length) / (open.length + close.length))
  return `${open.repeat(depth)}${inner}${close.repeat(depth)}`
}

/** What takes the most heap for its bytes, each in its own way. */
const shapes: Record<string, (length: number) => string> = {
  objects: (length) => list(length, '{}'),
  arrays: (length) => list(length, '[]'),
  records: (length) => list(length, '{"a":{}}'),
  numbers: (length) => list(length, '0'),
  exponents: (length) => `["",${list(length - 4, '1e300').slice(1)}`,
  strings: (length) => list(length, '"ab"'),
  'different strings': (length) => listOf(length, (index) => `"${index.toString(36)}"`),
  'objects with one index': (length) => list(length, '{"34":0}'),
  'objects with a far index': (length) => list(length, '{"1000":0}'),
  'objects in objects with one index': (length) => list(length, '{"34":{}}'),
  'different keys': (length) => listOf(length, (index) => `{"_${index.toString(36)}":0}`),
  'one object of many keys': (length) => listOf(length, (index) => `"_${index.toString(36)}":0`).replace('[', '{').replace(/\]$/, '}'),
  'one object of sparse indices': (length) => listOf(length, (index) => `"${index * 9}":0`).replace('[', '{').replace(/\]$/, '}'),
  'one key again and again': (length) => list(length, '"a":{"34":0}').replace('[', '{').replace(/\]$/, '}'),
  'nested arrays': (length) => nest(length, ['[', '', ']']),
  'nested objects': (length) => nest(length, worst),
  'nested objects, and one wide character': (length) => nest(length, ['{"34":', '{"\u4e00":0}', '}']),
  'nested objects that are searched for a prototype': (length) => nest(length, ['{"34":', '{"__proto__":0}', '}']),
  'one wide string': (length) => `"${'a'.repeat(length - 5)}\u4e00"`
}

t.test('JSON that could fill the heap of a thread is refused, and the worst that is not is survived', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris', WORKER_HEAP_MB: 128, WORKERS: '1' })
  const post = async (url: string, payload: string | Buffer, headers: Record<string, string | number> = json) => await app.inject({ method: 'POST', url, payload, headers })
  const limit = limitJson(app.config)
  t.equal(limit, Math.floor((128 - 64) * 1024 * 1024 / 120))
  for (const [shape, write] of Object.entries(shapes)) {
    // A wide character has two bytes more than its length says.
    const hostile = write(limit - 2)
    for (const url of ['/predict', '/v2/models/iris/infer']) {
      const { statusCode, body } = await post(url, hostile)
      t.equal(statusCode, 400, `${url} ${shape}: ${body.slice(0, 200)}`)
    }
    t.match((await post('/predict', `${hostile}${' '.repeat(100)}`)).json(), { status: 413, detail: `The body is larger than ${limit} bytes` }, shape)
  }
  t.equal((await post('/predict', JSON.stringify(setosa))).statusCode, 200)

  const head = JSON.stringify({ inputs: [{ name: 'float_input', shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } }] })
  const binary = (padding: number) => ({ payload: Buffer.concat([Buffer.from(head), Buffer.alloc(padding, ' '), Buffer.alloc(16)]), headers: { 'inference-header-content-length': head.length + padding } })
  const [fits, exceeds] = [binary(0), binary(limit)]
  t.equal((await post('/v2/models/iris/infer', fits.payload, fits.headers)).statusCode, 200)
  t.match(await post('/v2/models/iris/infer', exceeds.payload, exceeds.headers), { statusCode: 413, body: `{"error":"The body is larger than ${limit} bytes"}` })
})

t.test('JSON whose integers must be read from their digits is not in the heap twice', async (t) => {
  const app = await build(t, { MODEL_PATH: 'test/fixtures/zoo/identity-int64/model.onnx', WORKER_HEAP_MB: 128, WORKERS: '1' })
  const digits = '9007199254740993'
  const start = `{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT64","data":[${digits},1]}],"parameters":{"junk":`
  const { statusCode, body } = await app.inject({ method: 'POST', url: '/v2/models/identity-int64/infer', payload: `${start}${nest(limitJson(app.config) - start.length - 2, worst)}}}` })
  t.equal(statusCode, 200, body.slice(0, 200))
  t.match(body, digits)
})

t.test('with the settings as they are a thread survives every JSON body that BODY_LIMIT lets in', async (t) => {
  const { BODY_LIMIT } = loadConfig({})
  t.equal(limitJson(loadConfig({})), BODY_LIMIT)
  const server = new ServerProcess(t, await buildServer(t), { WORKERS: 1, DEFAULT_MODEL: 'iris' })
  const address = await server.ready()
  t.equal((await fetch(`${address}/predict`, { method: 'POST', body: nest(BODY_LIMIT, worst), headers: json })).status, 400)
  t.equal((await fetch(`${address}/predict`, { method: 'POST', body: JSON.stringify(setosa), headers: json })).status, 200)
  t.same(server.log.filter(({ level }) => level >= 40), [], 'no thread was lost')
  t.equal(await server.stop(), 0)
})
