import { request as httpRequest } from 'node:http'
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { build, create, makeStore, start } from '../helper.js'
import { exampleAnswers, frame, infer, irisRows, near, refused, unframe, type InferAnswer } from '../oip.js'

const answers = exampleAnswers('iris')
const store = await makeStore(t, {
  iris: { example: 'iris', config: { labels: { stable: '1' } } },
  float: { zoo: 'identity-float32' },
  long: { zoo: 'identity-int64' },
  unsigned: { zoo: 'identity-uint64' },
  half: { zoo: 'identity-float16' },
  flags: { zoo: 'identity-bool' },
  text: { zoo: 'identity-string' },
  several: { zoo: 'several-outputs' },
  mixed: { zoo: 'strings-and-booleans' },
  fixed: { zoo: 'torch-fixed-batch-of-1' },
  slow: { zoo: 'slow' },
  columns: { zoo: 'mlp-zipmap-columns' }
})
const app = await build(t, { MODEL_STORE: store, BODY_LIMIT: 262_144, POOL_PARSE_BYTES: 100_000 })
const { input } = irisRows(1)
const iris = (body: object, headers = {}) => infer(app, 'iris', { payload: Buffer.from(JSON.stringify(body)), headers })
const tensor = (datatype: string, shape: number[], data: unknown) => ({ inputs: [{ name: 'x', shape, datatype, data }] })

t.test('JSON in, JSON out: every output of the model in its order, near what the estimator answers', async (t) => {
  const { input } = irisRows(25)
  const response = await iris({ id: 'r1', inputs: [input] })
  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'application/json')
  const body: InferAnswer = response.json()
  t.match(body, { model_name: 'iris', model_version: '1', id: 'r1', outputs: [{ name: 'label', datatype: 'INT64', shape: [25], data: answers.predictions }, { name: 'probabilities', datatype: 'FP32', shape: [25, 3] }] })
  near(t, body.outputs[1]?.data, answers.probabilities.flat())
  t.notOk('id' in (await iris({ inputs: [input] })).json())
})

t.test('nested data, unknown members and nulls for what is absent mean the same', async (t) => {
  const { rows, input } = irisRows(3)
  const expected = (await iris({ inputs: [input] })).json()
  for (const extra of [{}, { model_name: 'x', unknown: 1 }, { id: null, parameters: null, outputs: null }, { outputs: [], id: '', parameters: { sequence_id: 1, sequence_start: true, priority: 2, headers: 'x', content_type: 'np', any: [1] } }]) {
    for (const data of [input.data, rows]) t.strictSame((await iris({ inputs: [{ ...input, data, parameters: { content_type: 'np' } }], ...extra })).json(), expected)
  }
})

t.test('requested outputs come in the order of the request', async (t) => {
  const names = async (...outputs: string[]) => (await iris({ inputs: [input], outputs: outputs.map((name) => ({ name })) })).json().outputs.map(({ name }: { name: string }) => name)
  t.strictSame(await names('probabilities', 'label'), ['probabilities', 'label'])
  t.strictSame(await names('probabilities'), ['probabilities'])
})

t.test('any content type and none will do', async (t) => {
  const payload = Buffer.from(JSON.stringify({ inputs: [input] }))
  for (const type of [undefined, 'application/json', 'application/json; charset=utf-8', 'application/octet-stream', 'application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', 'foo', '/', ';;', '']) {
    const response = await infer(app, 'iris', { payload, headers: type === undefined ? {} : { 'content-type': type } })
    t.equal(response.statusCode, 200, String(type))
  }
})

t.test('the binary request of a Python client is answered with bytes behind the JSON', async (t) => {
  const json = '{"id":"r1","inputs":[{"name":"float_input","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}],"parameters":{"binary_data_output":true}}'
  const payload = Buffer.concat([Buffer.from(json), Buffer.from('3333a340000060403333b33fcdcc4c3e', 'hex')])
  const response = await infer(app, 'iris', { payload, headers: { 'inference-header-content-length': '155' } })
  t.equal(response.headers['content-type'], 'application/octet-stream')
  const { json: answer, blobs } = unframe(response)
  t.strictSame(answer, { model_name: 'iris', model_version: '1', id: 'r1', outputs: [{ name: 'label', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } }, { name: 'probabilities', datatype: 'FP32', shape: [1, 3], parameters: { binary_data_size: 12 } }] })
  t.equal(Number(response.headers['content-length']), Number(response.headers['inference-header-content-length']) + 20)
  t.equal(blobs.readBigInt64LE(0), 0n)
  const same = (await iris({ inputs: [{ ...input, data: [5.1, 3.5, 1.4, 0.2] }] })).json().outputs[1].data
  t.strictSame([0, 1, 2].map((index) => blobs.readFloatLE(8 + 4 * index)), same)
})

t.test('binary and JSON tensors mix, in and out, at any offset', async (t) => {
  const rows = JSON.parse((await import('node:fs')).readFileSync('test/fixtures/zoo/strings-and-booleans/expected.json', 'utf8'))
  const { inputs, outputs: [expected] } = { inputs: Object.entries<{ type: string, dims: number[], data: unknown[] }>(rows.inputs), outputs: Object.entries<{ data: unknown[] }>(rows.outputs) }
  const datatypes: Record<string, string> = { float32: 'FP32', float64: 'FP64', int64: 'INT64', string: 'BYTES', bool: 'BOOL' }
  const heads = inputs.map(([name, { type, dims, data }]) => ({ name, shape: dims, datatype: datatypes[type], data }))
  const plain = (await infer(app, 'mixed', { payload: { inputs: heads } })).json()
  t.strictSame(plain.outputs.find(({ name }: { name: string }) => name === expected?.[0])?.data, expected?.[1].data)
  const blobs: Buffer[] = []
  const packed = heads.map(({ data, ...head }) => {
    if (head.datatype !== 'BOOL' && head.datatype !== 'BYTES') return { ...head, data }
    const bytes = Buffer.concat(data.map((value) => head.datatype === 'BOOL' ? Buffer.from([Number(value)]) : withLength(String(value))))
    blobs.push(bytes)
    return { ...head, parameters: { binary_data_size: bytes.byteLength } }
  })
  for (const padding of ['', 'a', 'ab', 'abc']) t.strictSame((await infer(app, 'mixed', frame({ id: padding || null, inputs: packed }, ...blobs))).json().outputs, plain.outputs)
  const [first] = plain.outputs
  const mixed = unframe(await infer(app, 'mixed', frame({ inputs: packed, outputs: [{ name: first.name, parameters: { binary_data: false } }, ...plain.outputs.slice(1).map(({ name }: { name: string }) => ({ name, parameters: { binary_data: true } }))] }, ...blobs)))
  t.strictSame(mixed.json.outputs[0], first)
  t.ok(mixed.json.outputs.slice(1).every(({ parameters }) => Number(parameters?.binary_data_size) > 0))
})

t.test('64-bit integers are exact in both directions', async (t) => {
  const long = await infer(app, 'long', { payload: '{"inputs":[{"name":"x","shape":[2,2],"datatype":"INT64","data":[9223372036854775807,-9223372036854775808,9007199254740993,0]}]}' })
  t.match(long.payload, '"data":[9223372036854775807,-9223372036854775808,9007199254740993,0]')
  const unsigned = await infer(app, 'unsigned', { payload: '{"inputs":[{"name":"x","shape":[1,2],"datatype":"UINT64","data":[18446744073709551615,1]}]}' })
  t.match(unsigned.payload, '"data":[18446744073709551615,1]')
})

t.test('floats are what they were; NaN, nulls and infinities are understood', async (t) => {
  const sent = await infer(app, 'float', { payload: '{"inputs":[{"name":"x","shape":[3,2],"datatype":"FP32","data":[NaN,null,Infinity,0.1,-0.0,1e-45]}]}' })
  t.strictSame(sent.json().outputs[0].data, [null, null, null, Math.fround(0.1), -0, Math.fround(1e-45)])
  const bits = Buffer.from('000080ff0000c07f', 'hex')
  const binary = unframe(await infer(app, 'float', frame({ inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } }], outputs: [{ name: 'y', parameters: { binary_data: true } }] }, bits)))
  t.strictSame(binary.blobs, bits)
})

t.test('FP16 travels as bytes', async (t) => {
  const bits = Buffer.from('003c00b8ff7b0100', 'hex')
  const head = { name: 'x', shape: [2, 2], datatype: 'FP16', parameters: { binary_data_size: 8 } }
  t.strictSame(unframe(await infer(app, 'half', frame({ inputs: [head], parameters: { binary_data_output: true } }, bits))).blobs, bits)
  refused(t, await infer(app, 'half', { payload: tensor('FP16', [1, 2], [1, 2]) }), 400, /FP16/)
  refused(t, await infer(app, 'half', frame({ inputs: [head] }, bits)), 400, /FP16/)
})

t.test('strings and booleans travel both ways', async (t) => {
  const text = await infer(app, 'text', { payload: tensor('BYTES', [1, 2], ['été 漢字 🐧', '']) })
  t.strictSame(text.json().outputs[0].data, ['été 漢字 🐧', ''])
  const flags = await infer(app, 'flags', { payload: tensor('BOOL', [2, 2], [true, false, 1, 0]) })
  t.strictSame(flags.json().outputs[0].data, [true, false, true, false])
})

t.test('zero rows give zero rows, as JSON and as bytes', async (t) => {
  const empty = { ...input, shape: [0, 4], data: [] }
  const outputs = [{ name: 'label', datatype: 'INT64', shape: [0], data: [] }, { name: 'probabilities', datatype: 'FP32', shape: [0, 3], data: [] }]
  t.strictSame((await iris({ inputs: [empty] })).json().outputs, outputs)
  const kserve = { ...empty, data: null, parameters: { binary_data_size: 0 } }
  t.strictSame((await iris({ inputs: [kserve] })).json().outputs, outputs)
  const response = await iris({ inputs: [kserve], parameters: { binary_data_output: true } })
  t.strictSame(unframe(response).json.outputs.map(({ parameters }) => parameters), [{ binary_data_size: 0 }, { binary_data_size: 0 }])
})

t.test('a raw binary request is the bytes of the only input', async (t) => {
  const { input } = irisRows(3)
  const headers = { 'inference-header-content-length': '0' }
  const response = await infer(app, 'iris', { payload: Buffer.from(Float32Array.from(input.data).buffer), headers })
  const { json, blobs } = unframe(response)
  t.strictSame(json.outputs.map(({ shape }) => shape), [[3], [3, 3]])
  t.strictSame(Array.from({ length: 3 }, (_, row) => Number(blobs.readBigInt64LE(8 * row))), answers.predictions.slice(0, 3))
  refused(t, await infer(app, 'iris', { payload: Buffer.alloc(15), headers }), 400, /byte size mismatch/)
  refused(t, await infer(app, 'mixed', { payload: Buffer.alloc(16), headers }), 400, /exactly one input/)
  t.strictSame(unframe(await infer(app, 'iris', { headers })).json.outputs.map(({ shape }) => shape), [[0], [0, 3]])
})

t.test('classes are ranked and named, in JSON and in bytes', async (t) => {
  const { input } = irisRows(2)
  const ask = (parameters: object) => iris({ inputs: [input], outputs: [{ name: 'probabilities', parameters }] })
  const probabilities: number[] = (await ask({})).json().outputs[0].data
  const expected = [0, 1].flatMap((row) => [0, 1, 2]
    .sort((a, b) => Number(probabilities[3 * row + b]) - Number(probabilities[3 * row + a]))
    .slice(0, 2)
    .map((index) => `${Number(probabilities[3 * row + index]).toFixed(6)}:${index}:${answers.class_names[index]}`))
  t.strictSame((await ask({ classification: 2 })).json().outputs, [{ name: 'probabilities', datatype: 'BYTES', shape: [2, 2], data: expected }])
  const { json, blobs } = unframe(await ask({ classification: 2, binary_data: true }))
  t.match(json.outputs, [{ datatype: 'BYTES', shape: [2, 2] }])
  t.strictSame(blobs, Buffer.concat(expected.map(withLength)))
  t.strictSame((await iris({ inputs: [input], outputs: [{ name: 'label', parameters: { classification: 1 } }] })).json().outputs[0].data, ['1:1'])
})

t.test('compressed requests are inflated first, and the length header counts inflated bytes', async (t) => {
  const { payload, headers } = frame({ inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 16 } }] }, Float32Array.from(input.data))
  const expected = (await infer(app, 'iris', { payload, headers })).json()
  for (const [encoding, bytes] of [['gzip', gzipSync(payload)], ['deflate', deflateSync(payload)], ['identity', payload]] as const) {
    t.strictSame((await infer(app, 'iris', { payload: bytes, headers: { ...headers, 'content-encoding': encoding } })).json(), expected, encoding)
  }
  refused(t, await infer(app, 'iris', { payload: Buffer.from('not gzip'), headers: { 'content-encoding': 'gzip' } }), 400, /cannot be decompressed/)
  refused(t, await infer(app, 'iris', { payload: gzipSync(payload).subarray(0, 40), headers: { 'content-encoding': 'gzip' } }), 400, /cannot be decompressed/)
  const br = await infer(app, 'iris', { payload, headers: { 'content-encoding': 'br' } })
  refused(t, br, 415, /gzip or deflate/)
  t.equal(br.headers['accept-encoding'], 'gzip, deflate')
})

t.test('answers are compressed when the client asks, errors and metadata never', async (t) => {
  const body = { inputs: [input], parameters: { binary_data_output: true } }
  const plain = await iris(body)
  t.notOk(plain.headers['content-encoding'])
  for (const [encoding, inflate] of [['gzip', gunzipSync], ['deflate', inflateSync]] as const) {
    const response = await iris(body, { 'accept-encoding': `${encoding}, br` })
    t.equal(response.headers['content-encoding'], encoding)
    t.equal(response.headers['inference-header-content-length'], plain.headers['inference-header-content-length'])
    t.strictSame(inflate(response.rawPayload), plain.rawPayload)
  }
  t.notOk((await iris(body, { 'accept-encoding': 'br' })).headers['content-encoding'])
  const error = await iris({ inputs: [] }, { 'accept-encoding': 'gzip' })
  refused(t, error, 400, /expected 1 inputs/)
  t.notOk(error.headers['content-encoding'])
  t.notOk((await app.inject({ url: '/v2/models/iris', headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'])
})

t.test('bodies over the limit are refused, received or inflated, their length known or not', async (t) => {
  const large = Buffer.alloc(262_145, ' ')
  refused(t, await infer(app, 'iris', { payload: large }), 413, /larger than 262144 bytes/)
  for (const [encoding, deflated] of [['gzip', gzipSync(Buffer.alloc(50_000_000))], ['deflate', deflateSync(large)]] as const) {
    t.ok(deflated.byteLength < 262_144)
    refused(t, await infer(app, 'iris', { payload: deflated, headers: { 'content-encoding': encoding } }), 413, /larger than 262144 bytes/, encoding)
  }
  t.equal((await iris({ inputs: [input] })).statusCode, 200)
})

t.test('big JSON is read and written in the pool, and refused from there', async (t) => {
  const data = Array.from({ length: 12_000 }, (_, index) => Math.fround(index / 7))
  const payload = JSON.stringify(tensor('FP32', [6000, 2], data))
  t.ok(payload.length > 100_000 && payload.length < 262_144)
  t.ok(isDeepStrictEqual((await infer(app, 'float', { payload })).json().outputs, [{ name: 'y', datatype: 'FP32', shape: [6000, 2], data }]))
  refused(t, await infer(app, 'float', { payload: payload.replace('[6000,2]', '[6001,2]') }), 400, /Shape does not match/)
  refused(t, await infer(app, 'float', { payload: payload.slice(0, -1) }), 400, /failed to parse/)
  const { payload: mixed, headers } = frame({ padding: ' '.repeat(110_000), inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } }], parameters: { binary_data_output: true } }, Float32Array.of(1, 2))
  t.strictSame(unframe(await infer(app, 'float', { payload: mixed, headers })).blobs, Buffer.from(Float32Array.of(1, 2).buffer))
})

t.test('big binary answers are sent in pieces and whole', async (t) => {
  const data = Float32Array.from({ length: 60_000 }, (_, index) => index / 3)
  const response = await infer(app, 'float', frame({ inputs: [{ name: 'x', shape: [30_000, 2], datatype: 'FP32', parameters: { binary_data_size: data.byteLength } }], parameters: { binary_data_output: true } }, data))
  t.ok(unframe(response).blobs.equals(Buffer.from(data.buffer)))
  t.equal(Number(response.headers['content-length']), response.rawPayload.byteLength)
})

t.test('a model whose batch is fixed runs as it comes, and other batches are refused', async (t) => {
  const one = (shape: number[], data: number[]) => infer(app, 'fixed', { payload: { inputs: [{ name: 'input', shape, datatype: 'FP32', data }] } })
  near(t, (await one([1, 4], [5.9, 3.2, 4.8, 1.8])).json().outputs[0].data, [0.009574118070304394, 0.409397691488266, 0.581028163433075])
  refused(t, await one([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), 400, /unexpected shape/)
})

t.test('a timeout may shorten the deadline', async (t) => {
  const slow = (timeout: number) => infer(app, 'slow', { payload: { inputs: [{ name: 'x', shape: [100, 4], datatype: 'FP32', data: new Array(400).fill(1) }], parameters: { timeout } } })
  refused(t, await slow(20_000), 504, /No answer within 20 ms/)
  t.equal((await iris({ inputs: [input], parameters: { timeout: 0 } })).statusCode, 200)
  t.equal((await iris({ inputs: [input], parameters: { timeout: 60_000_000_000 } })).statusCode, 200)
})

t.test('every malformed request is refused as the contract says', async (t) => {
  const bodies: [string | object, RegExp][] = [
    ['', /failed to parse/],
    ['{', /failed to parse/],
    ['[]', /must be a JSON object/],
    ['null', /must be a JSON object/],
    [Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), /failed to parse/],
    ['['.repeat(200_000), /failed to parse/],
    ['{"inputs":'.repeat(10_000), /failed to parse/],
    [{}, /'inputs'/],
    [{ inputs: 1 }, /'inputs'/],
    [{ inputs: [1] }, /'inputs'/],
    [{ inputs: [] }, /expected 1 inputs but got 0/],
    [{ inputs: [{ ...input, name: 1 }] }, /'name'/],
    [{ inputs: [{ ...input, shape: '[1,4]' }] }, /'shape'/],
    [{ inputs: [{ ...input, shape: [-1, 4] }] }, /'shape'/],
    [{ inputs: [{ ...input, shape: [1.5, 4] }] }, /'shape'/],
    [{ inputs: [{ ...input, shape: [2 ** 40, 2 ** 40] }] }, /'shape'/],
    [{ inputs: [{ ...input, shape: [1e9, 4] }] }, /Shape does not match/],
    [{ inputs: [{ ...input, datatype: 1 }] }, /'datatype'/],
    [{ inputs: [{ ...input, datatype: 'FP8' }] }, /invalid datatype/],
    [{ inputs: [{ ...input, datatype: 'FP64' }] }, /data-type is 'FP64', but model 'iris' expects 'FP32'/],
    [{ inputs: [{ ...input, shape: [1, 3], data: [1, 2, 3] }] }, /unexpected shape for input 'float_input' for model 'iris'. Expected \[-1,4\], got \[1,3\]/],
    [{ inputs: [{ ...input, shape: [4] }] }, /unexpected shape/],
    [{ inputs: [{ ...input, data: [1, 2, 3] }] }, /Shape does not match/],
    [{ inputs: [{ ...input, data: [[[1]], [2], [3], [4]] }] }, /Unable to parse 'data'/],
    [{ inputs: [{ ...input, data: [[1, 2], [3]] }] }, /Unable to parse 'data'/],
    [{ inputs: [{ ...input, data: 1 }] }, /'data'/],
    [{ inputs: [{ ...input, data: ['5.1', 1, 1, 1] }] }, /FP32 values/],
    [{ inputs: [{ ...input, data: [true, 1, 1, 1] }] }, /FP32 values/],
    [{ inputs: [{ ...input, name: 'z' }] }, /unexpected inference input 'z'/],
    [{ inputs: [input, { ...input, name: 'z' }] }, /expected 1 inputs but got 2/],
    [{ inputs: [input, input] }, /already exists/],
    [{ inputs: [input], outputs: [{ name: 'z' }] }, /unexpected inference output 'z'/],
    [{ inputs: [input], outputs: [{ name: 'label' }, { name: 'label' }] }, /already exists/],
    [{ inputs: [{ ...input, data: undefined }] }, /only one of the following/],
    [{ inputs: [{ ...input, parameters: { binary_data_size: 16 } }] }, /only one of the following/],
    [{ inputs: [{ ...input, parameters: { shared_memory_region: 'x' } }] }, /not supported/],
    [{ inputs: [input], outputs: [{ name: 'label', parameters: { shared_memory_region: 'x' } }] }, /not supported/],
    [{ inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 16 } }] }, /expecting 16 additional bytes/]
  ]
  for (const [body, message] of bodies) refused(t, await infer(app, 'iris', { payload: typeof body === 'string' ? body : Buffer.from(JSON.stringify(body)) }), 400, message, JSON.stringify(body).slice(0, 100))
})

t.test('wrong lengths of binary data and headers are refused', async (t) => {
  const head = (bytes: number) => ({ inputs: [{ ...input, data: undefined, parameters: { binary_data_size: bytes } }] })
  const blob = Buffer.alloc(16)
  refused(t, await infer(app, 'iris', frame(head(16), blob.subarray(4))), 400, /expecting 4 additional bytes/)
  refused(t, await infer(app, 'iris', frame(head(16), blob, blob)), 400, /unexpected additional input data/)
  refused(t, await infer(app, 'iris', frame(head(12), blob.subarray(4))), 400, /byte size mismatch for input 'float_input' for model 'iris'. Expected 16, got 12/)
  const payload = Buffer.from(JSON.stringify({ inputs: [input] }))
  for (const length of ['-1', 'x', '1.5', '', String(payload.byteLength + 1), '99999999999999999999', '1, 2']) {
    refused(t, await infer(app, 'iris', { payload, headers: { 'inference-header-content-length': length } }), 400, /inference header size should be in range/, length)
  }
  t.equal((await infer(app, 'iris', { payload, headers: { 'inference-header-content-length': String(payload.byteLength) } })).statusCode, 200)
})

t.test('the first check that fails is the one that is told', async (t) => {
  const everythingWrong = { payload: '{', headers: { 'content-encoding': 'br', 'inference-header-content-length': 'x' } }
  refused(t, await infer(app, 'nope', everythingWrong), 404, /no model/)
  refused(t, await infer(app, 'iris/versions/9', everythingWrong), 404, /no version/)
  refused(t, await infer(app, 'iris', everythingWrong), 415, /Content-Encoding/)
  refused(t, await infer(app, 'iris', { payload: '{', headers: { 'inference-header-content-length': 'x' } }), 400, /inference header size/)
  refused(t, await infer(app, 'nope', { payload: Buffer.alloc(262_145) }), 404, /no model/)
})

function withLength (text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.byteLength)
  return Buffer.concat([length, bytes])
}

t.test('the clock runs while a body is decoded, and a client that leaves meanwhile is noticed', async (t) => {
  const app = await create(t, { MODEL_STORE: store, WORKERS: '1' })
  app.addHook('onRequest', async (_request, reply) => { reply.raw.on('close', () => left.resolve()) })
  await start(app)
  const { oip } = app
  const decode = oip.decode.bind(oip)
  const run = oip.infer.bind(oip)
  const deadlines = Promise.withResolvers<Parameters<typeof run>[2]>()
  const left = Promise.withResolvers<void>()
  let decodedAt = 0
  oip.decode = async (...frame) => {
    decodedAt = performance.now()
    request.destroy()
    await left.promise
    return await decode(...frame)
  }
  oip.infer = async (...asked) => {
    deadlines.resolve(asked[2])
    return await run(...asked)
  }
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const request = httpRequest(`${address}/v2/models/iris/infer`, { method: 'POST' })
  request.on('error', () => {})
  request.end(JSON.stringify({ inputs: [input] }))
  const { at, ms, cancelled } = await deadlines.promise
  t.ok(at - ms <= decodedAt)
  t.equal(cancelled, true)
})

t.test('scores that the graph splits into outputs come whole only to who asks for them', async (t) => {
  const declared = ['output_label', 'sno', 'syes']
  const metadata = (await app.inject('/v2/models/columns')).json()
  t.same(metadata.outputs.map(({ name }: { name: string }) => name), declared)
  const [input] = metadata.inputs
  const inputs = [{ name: input.name, datatype: input.datatype, shape: [1, input.shape[1]], data: Array(input.shape[1]).fill(0.5) }]
  const ask = async (...names: string[]) => (await infer(app, 'columns', { payload: Buffer.from(JSON.stringify({ inputs, ...(names.length > 0 && { outputs: names.map((name) => ({ name })) }) })) })).json<InferAnswer>().outputs
  const all = await ask()
  t.same(all.map(({ name }) => name), declared)
  const [whole] = await ask('probabilities')
  t.same(whole?.shape, [1, 2])
  t.same(whole?.data, all.slice(1).flatMap(({ data }) => data))
})
