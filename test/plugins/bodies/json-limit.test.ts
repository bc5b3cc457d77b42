import t from 'tap'
import { build } from '../../helper.js'

const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const json = { 'content-type': 'application/json' }

t.test('JSON that could fill the heap of a thread is refused, and the worst that is not is survived', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris', WORKER_HEAP_MB: 64, WORKERS: '1' })
  const post = async (url: string, payload: string | Buffer, headers: Record<string, string | number> = json) => await app.inject({ method: 'POST', url, payload, headers })
  const limit = 2 * 1024 * 1024
  for (const [shape, item] of Object.entries({ objects: '{}', arrays: '[]', records: '{"a":{}}', numbers: '0', strings: '"ab"' })) {
    const hostile = (length: number) => `[${`${item},`.repeat(Math.floor((length - 2 - item.length) / (item.length + 1)))}${item}]`
    const { statusCode, body } = await post('/predict', hostile(limit))
    t.equal(statusCode, 400, `${shape}: ${body.slice(0, 200)}`)
    t.equal((await post('/predict', JSON.stringify(setosa))).statusCode, 200)
    t.equal((await post('/v2/models/iris/infer', hostile(limit))).statusCode, 400, shape)
    t.match((await post('/predict', `${hostile(limit)}${' '.repeat(100)}`)).json(), { status: 413, detail: `The body is larger than ${limit} bytes` }, shape)
  }

  const head = JSON.stringify({ inputs: [{ name: 'float_input', shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } }] })
  const binary = (padding: number) => ({ payload: Buffer.concat([Buffer.from(head), Buffer.alloc(padding, ' '), Buffer.alloc(16)]), headers: { 'inference-header-content-length': head.length + padding } })
  const [fits, exceeds] = [binary(0), binary(limit)]
  t.equal((await post('/v2/models/iris/infer', fits.payload, fits.headers)).statusCode, 200)
  t.match(await post('/v2/models/iris/infer', exceeds.payload, exceeds.headers), { statusCode: 413, body: `{"error":"The body is larger than ${limit} bytes"}` })
})
