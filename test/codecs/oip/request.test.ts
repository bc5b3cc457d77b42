import t, { type Test } from 'tap'
import { decodeInferRequest } from '../../../codecs/oip/request.js'
import type { OipModel } from '../../../codecs/oip/model.js'
import type { DataType } from '../../../codecs/tensor.js'

const iris: OipModel = {
  name: 'iris',
  version: '1',
  inputs: [{ name: 'float_input', type: 'float32', dims: [-1, 4] }],
  outputs: [{ name: 'label', type: 'int64', dims: [-1] }, { name: 'probabilities', type: 'float32', dims: [-1, 3] }]
}
const pair: OipModel = {
  name: 'pair',
  version: '2',
  inputs: [{ name: 'a', type: 'float32', dims: [-1] }, { name: 'b', type: 'int64', dims: [-1] }],
  outputs: [{ name: 'half', type: 'float16', dims: [-1] }, { name: 'text', type: 'string', dims: [-1] }, { name: 'sum', type: 'float32', dims: [-1] }]
}
const input = { name: 'float_input', shape: [1, 4], datatype: 'FP32', data: [5.1, 3.5, 1.4, 0.2] }
const record = Buffer.from(Float32Array.of(5.1, 3.5, 1.4, 0.2).buffer)
const sum = [{ name: 'sum' }]

const json = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
const decode = (body: unknown, model = iris) => decodeInferRequest(json(body), undefined, model)

function frame (body: unknown, ...blobs: Uint8Array[]): [Buffer, string] {
  const head = json(body)
  return [Buffer.concat([head, ...blobs]), String(head.byteLength)]
}

function single (type: DataType, dims: number[]): OipModel {
  return { name: 'm', version: '1', inputs: [{ name: 'x', type, dims }], outputs: [] }
}

function refused (t: Test, message: string | RegExp, body: unknown, model = iris, ...blobs: Uint8Array[]): void {
  const [bytes, length] = frame(body, ...blobs)
  t.throws(() => decodeInferRequest(bytes, blobs.length > 0 ? length : undefined, model), { name: 'OipError', statusCode: 400, message }, json(body).toString().slice(0, 200))
}

t.test('a JSON request gives the tensors and all outputs as JSON', async (t) => {
  t.strictSame(decode({ inputs: [input] }), {
    inputs: [{ name: 'float_input', type: 'float32', dims: [1, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2) }],
    outputs: [{ name: 'label', binary: false }, { name: 'probabilities', binary: false }]
  })
})

t.test('the golden binary request of a Python client is understood', async (t) => {
  const head = '{"id":"r1","inputs":[{"name":"float_input","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}],"parameters":{"binary_data_output":true}}'
  const body = Buffer.concat([Buffer.from(head), Buffer.from('3333a340000060403333b33fcdcc4c3e', 'hex')])
  t.equal(body.byteLength, 171)
  t.strictSame(decodeInferRequest(body, '155', iris), {
    id: 'r1',
    inputs: [{ name: 'float_input', type: 'float32', dims: [1, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2) }],
    outputs: [{ name: 'label', binary: true }, { name: 'probabilities', binary: true }]
  })
})

t.test('a Uint8Array at any offset is understood as a Buffer is', async (t) => {
  const [body, length] = frame({ inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 16 } }] }, record)
  const copy = new Uint8Array(body.byteLength + 3)
  copy.set(body, 3)
  t.strictSame(decodeInferRequest(copy.subarray(3), length, iris), decode({ inputs: [input] }))
})

t.test('JSON and binary inputs mix, blobs follow the request and tensors the model', async (t) => {
  const model: OipModel = { ...iris, inputs: ['a', 'b', 'c'].map((name) => ({ name, type: 'uint8', dims: [-1] })) }
  const binary = (name: string, size: number) => ({ name, datatype: 'UINT8', shape: [size], parameters: { binary_data_size: size } })
  const [body, length] = frame({ inputs: [binary('c', 2), { name: 'b', datatype: 'UINT8', shape: [1], data: [9] }, binary('a', 1)] }, Uint8Array.of(1, 2), Uint8Array.of(3))
  t.same(decodeInferRequest(body, length, model).inputs.map(({ name, data }) => [name, ...data]), [['a', 3], ['b', 9], ['c', 1, 2]])
})

t.test('an empty binary tensor may have null beside its size and needs no header', async (t) => {
  const empty = { name: 'float_input', shape: [0, 4], datatype: 'FP32', data: null, parameters: { binary_data_size: 0 } }
  t.same(decode({ inputs: [empty] }).inputs[0], { name: 'float_input', type: 'float32', dims: [0, 4], data: new Float32Array(0) })
})

t.test('null and unknown fields are as absent ones', async (t) => {
  const extra = { model_name: 'iris', id: null, parameters: null, outputs: null, inputs: [{ ...input, parameters: { content_type: 'np', other: {} }, note: 1 }] }
  t.strictSame(decode(extra), decode({ inputs: [input], outputs: [], id: '' }))
  t.strictSame(decode(`{"__proto__":{"id":"x"},"inputs":[${JSON.stringify(input)}]}`), decode({ inputs: [input] }))
})

t.test('the id and the timeout are kept', async (t) => {
  const { id, timeoutMs } = decode({ id: 'é', parameters: { timeout: 1500, priority: 1, sequence_id: 3, triton_x: true, mine: 'y' }, inputs: [input] })
  t.equal(id, 'é')
  t.equal(timeoutMs, 1.5)
  t.notOk('timeoutMs' in decode({ parameters: { timeout: 0 }, inputs: [input] }))
})

t.test('outputs come in the order they are asked for and as JSON unless each says binary', async (t) => {
  const body = { inputs: [input], parameters: { binary_data_output: true }, outputs: [{ name: 'probabilities', parameters: { classification: 2 } }, { name: 'label', parameters: { binary_data: true, classification: 0 } }] }
  t.strictSame(decode(body).outputs, [{ name: 'probabilities', binary: false, classification: 2 }, { name: 'label', binary: true }])
})

t.test('NaN tokens and null are NaN for floats', async (t) => {
  const { inputs } = decode('{"inputs":[{"name":"float_input","shape":[1,4],"datatype":"FP32","data":[NaN,null,-Infinity,Infinity]}]}')
  t.same(inputs[0]?.data, Float32Array.of(NaN, NaN, -Infinity, Infinity))
  refused(t, /must be INT64 values, got null/, '{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[NaN]}]}', single('int64', [-1]))
})

t.test('numbers that a float cannot hold are no infinities', async (t) => {
  for (const [datatype, type, value] of [['FP32', 'float32', '1e39'], ['FP32', 'float32', '-1e400'], ['FP64', 'float64', '1e400']] as const) {
    refused(t, new RegExp(`the elements of input 'x' for model '.+' must be ${datatype} values`), `{"inputs":[{"name":"x","shape":[2],"datatype":"${datatype}","data":[1,${value}]}]}`, single(type, [-1]))
  }
})

t.test('64-bit integers keep every digit', async (t) => {
  const body = '{"id":"9007199254740993","inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[9007199254740993]},{"name":"b","shape":[2,2],"datatype":"INT64","data":[[9223372036854775807,-9223372036854775808],[9007199254740993,1]]}],"outputs":[{"name":"sum"}]}'
  const model: OipModel = { ...pair, inputs: [{ name: 'b', type: 'int64', dims: [-1, 2] }, { name: 'a', type: 'float32', dims: [-1] }] }
  const { id, inputs } = decode(body, model)
  t.equal(id, '9007199254740993')
  t.same(inputs[0]?.data, BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 1n))
  t.same(inputs[1]?.data, Float32Array.of(2 ** 53))
  refused(t, /must be INT64/, body.replace('[9223372036854775807', '["9223372036854775807"'), model)
  refused(t, /must be INT64/, body.replace('9223372036854775807', '9223372036854775808'), model)
})

t.test('a model input without dimensions takes any shape', async (t) => {
  for (const shape of [[], [1], [1, 1]]) {
    t.same(decode({ inputs: [{ name: 'x', datatype: 'BOOL', shape, data: [true] }] }, single('bool', [])).inputs[0]?.dims, shape)
  }
})

t.test('a raw request is the only input and is answered as binary', async (t) => {
  const two = Buffer.concat([record, record])
  t.strictSame(decodeInferRequest(two, '0', iris), {
    inputs: [{ name: 'float_input', type: 'float32', dims: [2, 4], data: Float32Array.of(5.1, 3.5, 1.4, 0.2, 5.1, 3.5, 1.4, 0.2) }],
    outputs: [{ name: 'label', binary: true }, { name: 'probabilities', binary: true }]
  })
  t.same(decodeInferRequest(Buffer.from('é"{'), '0', single('string', [-1, 1])).inputs[0], { name: 'x', type: 'string', dims: [1, 1], data: ['é"{'] })
  t.same(decodeInferRequest(Buffer.alloc(0), '0', iris).inputs[0]?.dims, [0, 4])
  t.same(decodeInferRequest(Buffer.alloc(0), '0', single('int8', [0, -1])).inputs[0]?.dims, [0, 0])
  t.same(decodeInferRequest(Buffer.alloc(6), '0', single('int16', [3])).inputs[0]?.dims, [3])
})

t.test('a raw request that leaves its shape open is refused', async (t) => {
  const raw = (bytes: number, model: OipModel) => () => decodeInferRequest(Buffer.alloc(bytes, 1), '0', model)
  t.throws(raw(15, iris), { name: 'OipError', message: "input byte size mismatch for input 'float_input' for model 'iris'. Expected 0, got 15" })
  t.throws(raw(4, pair), { name: 'OipError', message: /exactly one input, but model 'pair' has 2/ })
  t.throws(raw(4, { ...iris, inputs: [] }), { name: 'OipError', message: /has 0/ })
  t.throws(raw(4, single('float32', [-1, -1])), { name: 'OipError', message: /one unknown dimension/ })
  t.throws(raw(4, single('string', [-1, 2])), { name: 'OipError', message: /shape of one BYTES element/ })
})

t.test('a bad length header is refused even when the body alone would do', async (t) => {
  const body = json({ inputs: [input] })
  t.same(decodeInferRequest(body, String(body.byteLength), iris), decode({ inputs: [input] }))
  for (const header of ['', ' ', '-1', '1.5', '0x10', '1e2', 'abc', '12, 12', String(body.byteLength + 1), '9'.repeat(400)]) {
    t.throws(() => decodeInferRequest(body, header, iris), { name: 'OipError', statusCode: 400, message: /size should be in range \(0, / }, header)
  }
})

t.test('what is no request object is refused', async (t) => {
  refused(t, /failed to parse the request JSON buffer/, '{"inputs":')
  refused(t, /failed to parse the request JSON buffer/, '')
  for (const body of ['[]', 'null', '1', '"x"']) refused(t, /must be a JSON object/, body)
  for (const inputs of [undefined, null, {}, 'x']) refused(t, /Unable to parse 'inputs'/, { inputs })
  for (const element of [null, 1, [], 'x']) refused(t, /Unable to parse 'inputs'/, { inputs: [element] })
  for (const outputs of [{}, 'x', [null], [1]]) refused(t, /Unable to parse 'outputs'/, { inputs: [input], outputs })
  for (const id of [1, {}, false]) refused(t, /Unable to parse 'id'/, { id, inputs: [input] })
  for (const parameters of ['x', [], 1]) refused(t, /Unable to parse 'parameters'/, { parameters, inputs: [input] })
  for (const timeout of ['1', -1, 1.5, true]) refused(t, /Unable to parse 'timeout'/, { parameters: { timeout }, inputs: [input] })
  refused(t, /Unable to parse 'binary_data_output'/, { parameters: { binary_data_output: 1 }, inputs: [input] })
  refused(t, /Unable to parse 'binary_data'/, { inputs: [input], outputs: [{ name: 'label', parameters: { binary_data: 'true' } }] })
  refused(t, /Unable to parse 'classification'/, { inputs: [input], outputs: [{ name: 'label', parameters: { classification: -1 } }] })
})

t.test('ill-typed fields of an input are refused', async (t) => {
  refused(t, /Unable to parse 'name'/, { inputs: [{ ...input, name: 1 }] })
  refused(t, /Unable to parse 'name'/, { inputs: [input], outputs: [{}] })
  refused(t, /Unable to parse 'datatype'/, { inputs: [{ ...input, datatype: undefined }] })
  for (const shape of [undefined, null, 4, '1,4', { 0: 1 }]) refused(t, /Unable to parse 'shape'/, { inputs: [{ ...input, shape }] })
  for (const dim of [-1, 0.5, '4', null, true, [4]]) refused(t, /Unable to parse 'shape'/, { inputs: [{ ...input, shape: [1, dim] }] })
  for (const shape of [[1e300, 1e300], [2 ** 32, 2 ** 32], [0, 2 ** 60], [1e300, 0]]) refused(t, /element count .* too large/, { inputs: [{ ...input, shape }] })
  refused(t, /at most 64/, { inputs: [{ ...input, shape: Array(65).fill(1) }] })
  for (const data of [5, 'x', {}, true]) refused(t, /Unable to parse 'data'/, { inputs: [{ ...input, data }] })
})

t.test('an input needs exactly one source of data', async (t) => {
  refused(t, /Input must set only one of the following fields: .* neither/, { inputs: [{ ...input, data: undefined }] })
  refused(t, /Input must set only one of the following fields: .* neither/, { inputs: [{ ...input, data: null }] })
  refused(t, /Input must set only one of the following fields: .* both/, { inputs: [{ ...input, parameters: { binary_data_size: 16 } }] }, iris, record)
  refused(t, /shared memory is not supported/, { inputs: [{ ...input, parameters: { shared_memory_region: 'r' } }] })
  refused(t, /shared memory is not supported/, { inputs: [{ ...input, data: undefined, parameters: { shared_memory_byte_size: 16 } }] })
  refused(t, /shared memory is not supported/, { inputs: [input], outputs: [{ name: 'label', parameters: { shared_memory_region: 'r' } }] })
  for (const size of [-1, 1.5, '16', true, 2 ** 60]) refused(t, /Unable to parse 'binary_data_size'/, { inputs: [{ ...input, data: undefined, parameters: { binary_data_size: size } }] })
})

t.test('the bytes behind the JSON are neither short nor in surplus', async (t) => {
  const binary = (size: number) => ({ inputs: [{ ...input, data: undefined, parameters: { binary_data_size: size } }] })
  refused(t, "unexpected size for input 'float_input', expecting 4 additional bytes for model 'iris'", binary(16), iris, record.subarray(4))
  refused(t, "unexpected size for input 'float_input', expecting 16 additional bytes for model 'iris'", binary(16))
  refused(t, "unexpected additional input data for model 'iris'", binary(16), iris, record, Uint8Array.of(0))
  refused(t, "unexpected additional input data for model 'iris'", { inputs: [input] }, iris, Uint8Array.of(0))
  refused(t, "input byte size mismatch for input 'float_input' for model 'iris'. Expected 16, got 12", binary(12), iris, record.subarray(4))
})

t.test('inputs that are not those of the model are refused', async (t) => {
  const a = { name: 'a', datatype: 'FP32', shape: [1], data: [1] }
  refused(t, "invalid datatype for input 'float_input' for model 'iris'", { inputs: [{ ...input, datatype: 'FP31' }] })
  refused(t, "inference input 'float_input' data-type is 'FP64', but model 'iris' expects 'FP32'", { inputs: [{ ...input, datatype: 'FP64' }] })
  refused(t, "inference input 'float_input' data-type is 'BF16', but model 'iris' expects 'FP32'", { inputs: [{ ...input, datatype: 'BF16' }] })
  refused(t, "unexpected shape for input 'float_input' for model 'iris'. Expected [-1,4], got [1,3]. ", { inputs: [{ ...input, shape: [1, 3], data: [1, 2, 3] }] })
  refused(t, "unexpected shape for input 'float_input' for model 'iris'. Expected [-1,4], got [4]. ", { inputs: [{ ...input, shape: [4] }] })
  refused(t, "expected 1 inputs but got 0 inputs for model 'iris'. Got input(s) [], but missing required input(s) ['float_input']. Please provide all required input(s).", { inputs: [] })
  refused(t, /expected 2 inputs but got 1 inputs for model 'pair'. Got input\(s\) \['a'\], but missing required input\(s\) \['b'\]/, { inputs: [a], outputs: sum }, pair)
  refused(t, /expected 1 inputs but got 2 inputs for model 'iris'/, { inputs: [input, a] })
  refused(t, "unexpected inference input 'z' for model 'iris'", { inputs: [{ ...input, name: 'z' }] })
  refused(t, "input 'float_input' already exists in request", { inputs: [input, input] })
  refused(t, /,…\]/, { inputs: Array.from({ length: 100 }, (_, index) => ({ ...a, name: `${index}` })) })
})

t.test('outputs that cannot be given are refused before the model runs', async (t) => {
  const inputs = [{ name: 'a', datatype: 'FP32', shape: [1], data: [1] }, { name: 'b', datatype: 'INT64', shape: [1], data: [1] }]
  refused(t, "unexpected inference output 'z' for model 'pair'", { inputs, outputs: [{ name: 'z' }] }, pair)
  refused(t, "output 'sum' already exists in request", { inputs, outputs: [...sum, ...sum] }, pair)
  refused(t, "sending FP16 data via JSON is not supported. Please use the binary data format for output 'half'", { inputs }, pair)
  refused(t, "class result not available for output 'text' due to unsupported type 'BYTES'", { inputs, outputs: [{ name: 'text', parameters: { classification: 1 } }] }, pair)
  t.same(decode({ inputs, outputs: [{ name: 'half', parameters: { binary_data: true } }] }, pair).outputs, [{ name: 'half', binary: true }])
})

t.test('half floats are taken as binary only', async (t) => {
  const half = { name: 'x', datatype: 'FP16', shape: [1] }
  refused(t, /receiving FP16 data via JSON is not supported/, { inputs: [{ ...half, data: [1] }] }, single('float16', [-1]))
  const [body, length] = frame({ inputs: [{ ...half, parameters: { binary_data_size: 2 } }] }, Uint8Array.of(0, 0x3c))
  t.same(decodeInferRequest(body, length, single('float16', [-1])).inputs[0]?.data, Uint16Array.of(0x3c00))
})

t.test('messages are bounded and well-formed whatever the names', async (t) => {
  for (const name of ['n'.repeat(1e6), '\ud800']) {
    t.throws(() => decode({ inputs: [{ ...input, name }] }), { name: 'OipError', message: /^[\s\S]{1,2048}$/ })
    try {
      decode({ inputs: [{ ...input, name }] })
    } catch (error) {
      t.ok(error instanceof Error && error.message.isWellFormed())
    }
  }
})
