import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeStore } from '../../helper.js'
import { Client, inferenceService, irisRequest, serve, type Message } from './client.js'

const INVALID_ARGUMENT = 3
const smallest = '-9223372036854775808'
const largest = '9223372036854775807'
const goldenRequest = '0a04697269731a027231' + '2a170a0b666c6f61745f696e7075741204465033321a020104' + '3a103333a340000060403333b33fcdcc4c3e'

const store = await makeStore(t, {
  iris: { example: 'iris' },
  int64: { zoo: 'identity-int64' },
  int8: { zoo: 'identity-int8' },
  float16: { zoo: 'identity-float16' },
  bool: { zoo: 'identity-bool' },
  string: { zoo: 'identity-string' },
  components: { zoo: 'several-outputs' }
})
const app = await serve(t, { MODEL_STORE: store })
const client = new Client(t, app)

/** A request for one of the identity models, whose input `x` has the shape [N, 2]. */
function request (model: string, datatype: string, shape: (number | string)[], contents?: Message): Message {
  return { model_name: model, inputs: [{ name: 'x', datatype, shape, ...(contents && { contents }) }] }
}

async function readExpected (example: string): Promise<{ predictions: number[], probabilities: number[][], instances: number[][] }> {
  const { records, ...answers } = JSON.parse(await readFile(join(import.meta.dirname, `../../fixtures/examples/${example}.json`), 'utf8'))
  return { ...answers, instances: records.map((record: Record<string, number>) => Object.values(record)) }
}

t.test('the request of a Triton client has the golden bytes, and is answered raw', async (t) => {
  const message = irisRequest(undefined, { id: 'r1' })
  const bytes = inferenceService.ModelInfer?.requestSerialize(message)
  t.equal(bytes?.toString('hex'), goldenRequest)
  t.equal(bytes?.byteLength, 53)
  const response = await client.call('ModelInfer', message)
  t.match(response, {
    model_name: 'iris',
    model_version: '1',
    id: 'r1',
    outputs: [
      { name: 'label', datatype: 'INT64', shape: ['1'], contents: null },
      { name: 'probabilities', datatype: 'FP32', shape: ['1', '3'], contents: null }
    ]
  })
  const [label, probabilities, ...others] = response.raw_output_contents as Buffer[]
  t.equal(label?.readBigInt64LE(), 0n)
  t.equal(probabilities?.byteLength, 12)
  t.same(others, [])
})

t.test('raw tensors of every row get what scikit-learn says', async (t) => {
  const { instances, predictions, probabilities } = await readExpected('iris')
  const response = await client.call('ModelInfer', irisRequest(instances))
  const [labels, values] = response.raw_output_contents as Buffer[]
  t.same(predictions, predictions.map((_, row) => Number(labels?.readBigInt64LE(row * 8))))
  for (const [index, expected] of probabilities.flat().entries()) t.ok(Math.abs((values?.readFloatLE(index * 4) ?? NaN) - expected) < 1e-5)
})

t.test('typed in is typed out', async (t) => {
  const { instances: [row = []], probabilities: [expected = []] } = await readExpected('iris')
  const response = await client.call('ModelInfer', { model_name: 'iris', inputs: [{ name: 'float_input', datatype: 'FP32', shape: [1, 4], contents: { fp32_contents: row } }] })
  t.same(response.raw_output_contents, [])
  t.match(response.outputs, [{ contents: { int64_contents: ['0'], fp32_contents: [] } }, { contents: { fp32_contents: { length: 3 } } }])
  const [, { contents: { fp32_contents: values } }] = response.outputs as [unknown, { contents: { fp32_contents: number[] } }]
  for (const [index, value] of values.entries()) t.ok(Math.abs(value - (expected[index] ?? NaN)) < 1e-5)
})

t.test('INT64 is exact both ways, typed and raw', async (t) => {
  const typed = await client.call('ModelInfer', request('int64', 'INT64', [2, 2], { int64_contents: [smallest, largest, '9007199254740993', '-1'] }))
  t.match(typed.outputs, [{ contents: { int64_contents: [smallest, largest, '9007199254740993', '-1'] } }])
  const raw = Buffer.from(new BigInt64Array([BigInt(smallest), BigInt(largest)]).buffer)
  const response = await client.call('ModelInfer', { ...request('int64', 'INT64', [1, 2]), raw_input_contents: [raw] })
  t.same(response.raw_output_contents, [raw])
})

t.test('typed contents of other types', async (t) => {
  const bool = await client.call('ModelInfer', request('bool', 'BOOL', [1, 2], { bool_contents: [true, false] }))
  t.match(bool.outputs, [{ contents: { bool_contents: [true, false] } }])
  const string = await client.call('ModelInfer', request('string', 'BYTES', [1, 2], { bytes_contents: [Buffer.from('é'), Buffer.from('')] }))
  t.match(string.outputs, [{ datatype: 'BYTES', contents: { bytes_contents: [Buffer.from('é'), Buffer.from('')] } }])
  const int8 = await client.call('ModelInfer', request('int8', 'INT8', [1, 2], { int_contents: [-128, 127] }))
  t.match(int8.outputs, [{ contents: { int_contents: [-128, 127] } }])
  t.match(await client.fail('ModelInfer', request('int8', 'INT8', [1, 2], { int_contents: [-129, 127] })), { code: INVALID_ARGUMENT, details: /INT8/ })
})

t.test('raw BYTES have their lengths before them', async (t) => {
  const raw = Buffer.from('02000000616202000000c3a9', 'hex')
  const response = await client.call('ModelInfer', { ...request('string', 'BYTES', [1, 2]), raw_input_contents: [raw] })
  t.same(response.raw_output_contents, [raw])
})

t.test('FP16 travels raw, whatever the setting', async (t) => {
  const raw = Buffer.from('003e00b4', 'hex')
  const typed = await serve(t, { MODEL_STORE: store, GRPC_OUTPUT: 'typed' })
  for (const each of [app, typed]) {
    const response = await new Client(t, each).call('ModelInfer', { ...request('float16', 'FP16', [1, 2]), raw_input_contents: [raw] })
    t.same(response.raw_output_contents, [raw])
    t.match(response.outputs, [{ datatype: 'FP16', contents: null }])
  }
  t.match(await client.fail('ModelInfer', request('float16', 'FP16', [1, 2], { fp32_contents: [1, 2] })), { code: INVALID_ARGUMENT, details: /raw_input_contents/ })
})

t.test('the form of the answer is a setting', async (t) => {
  const typed = await serve(t, { MODEL_STORE: store, GRPC_OUTPUT: 'typed' })
  const toRaw = await new Client(t, typed).call('ModelInfer', irisRequest())
  t.same(toRaw.raw_output_contents, [])
  t.match(toRaw.outputs, [{ contents: { int64_contents: ['0'] } }, { contents: { fp32_contents: { length: 3 } } }])
  const raw = await serve(t, { MODEL_STORE: store, GRPC_OUTPUT: 'raw' })
  const toTyped = await new Client(t, raw).call('ModelInfer', request('int64', 'INT64', [1, 2], { int64_contents: [1, 2] }))
  t.same(toTyped.raw_output_contents, [Buffer.from('01000000000000000200000000000000', 'hex')])
  t.match(toTyped.outputs, [{ contents: null }])
})

t.test('zero rows have one empty raw entry per output', async (t) => {
  const response = await client.call('ModelInfer', irisRequest([]))
  t.match(response.outputs, [{ shape: ['0'] }, { shape: ['0', '3'] }])
  t.same(response.raw_output_contents, [Buffer.alloc(0), Buffer.alloc(0)])
  const typed = await client.call('ModelInfer', request('int64', 'INT64', [0, 2], { int64_contents: [] }))
  t.match(typed, { outputs: [{ shape: ['0', '2'] }], raw_output_contents: [] })
})

t.test('requested outputs come alone and in their order', async (t) => {
  const response = await client.call('ModelInfer', irisRequest(undefined, { outputs: [{ name: 'probabilities' }, { name: 'label' }] }))
  t.match(response.outputs, [{ name: 'probabilities' }, { name: 'label' }])
  t.same((response.raw_output_contents as Buffer[]).map(({ byteLength }) => byteLength), [12, 8])
  const one = await client.call('ModelInfer', irisRequest(undefined, { outputs: [{ name: 'label' }] }))
  t.equal((one.outputs as unknown[]).length, 1)
})

t.test('the classification parameter ranks the classes', async (t) => {
  const outputs = [{ name: 'probabilities', parameters: { classification: { int64_param: '2' } } }]
  const response = await client.call('ModelInfer', irisRequest(undefined, { outputs }))
  t.match(response.outputs, [{ datatype: 'BYTES', shape: ['1', '2'] }])
  t.match((response.raw_output_contents as Buffer[])[0]?.toString('latin1'), /0\.\d{6}:0:setosa.*0\.\d{6}:1:versicolor/s)
})

t.test('parameters of other servers are ignored', async (t) => {
  const parameters = { priority: { uint64_param: '1' }, timeout: { int64_param: '5000000' }, sequence_id: { string_param: 's' }, weight: { double_param: 0.5 }, sequence_start: { bool_param: true } }
  t.match(await client.call('ModelInfer', irisRequest(undefined, { parameters })), { model_name: 'iris' })
})

t.test('what breaks the rules of the protocol is INVALID_ARGUMENT', async (t) => {
  const input = { name: 'float_input', datatype: 'FP32', shape: [1, 4] }
  const raw = Buffer.alloc(16)
  const contents = { fp32_contents: [1, 2, 3, 4] }
  const cases: [string, Message, RegExp][] = [
    ['raw and typed', { inputs: [{ ...input, contents }], raw_input_contents: [raw] }, /^contents field must not be specified when using raw_input_contents for 'float_input' for model 'iris'$/],
    ['too few raw entries', { inputs: [input, { ...input, name: 'z' }], raw_input_contents: [raw] }, /expected 2 entries in raw_input_contents/],
    ['too many raw entries', { inputs: [input], raw_input_contents: [raw, raw] }, /expected 1 entries in raw_input_contents/],
    ['raw entries without inputs', { raw_input_contents: [raw] }, /expected 0 entries/],
    ['no data', { inputs: [input] }, /^unable to find data for input 'float_input'/],
    ['too few raw bytes', { inputs: [input], raw_input_contents: [raw.subarray(1)] }, /byte size mismatch for input 'float_input' for model 'iris'. Expected 16, got 15/],
    ['too many raw bytes', { inputs: [input], raw_input_contents: [Buffer.alloc(17)] }, /Expected 16, got 17/],
    ['too few elements', { inputs: [{ ...input, contents: { fp32_contents: [1] } }] }, /unexpected number of elements/],
    ['another field than that of the datatype', { inputs: [{ ...input, contents: { fp64_contents: [1, 2, 3, 4] } }] }, /unexpected explicit tensor data in fp64_contents/],
    ['another datatype than the model has', { inputs: [{ ...input, datatype: 'FP64' }], raw_input_contents: [raw] }, /data-type is 'FP64', but model 'iris' expects 'FP32'/],
    ['no datatype', { inputs: [{ ...input, datatype: 'FLOAT' }], raw_input_contents: [raw] }, /invalid datatype/],
    ['a wrong shape', { inputs: [{ ...input, shape: [4] }], raw_input_contents: [raw] }, /Expected \[-1,4\], got \[4\]/],
    ['a negative dimension', { inputs: [{ ...input, shape: [-1, 4] }], raw_input_contents: [raw] }, /must be integers of 0 or more/],
    ['an overflowing shape', { inputs: [{ ...input, shape: [largest, largest] }], raw_input_contents: [raw] }, /too large/],
    ['a huge shape', { inputs: [{ ...input, shape: ['1000000000000', 4] }], raw_input_contents: [raw] }, /Expected 16000000000000, got 16/],
    ['no inputs', {}, /expected 1 inputs but got 0/],
    ['an unknown input', { inputs: [{ ...input, name: 'z' }], raw_input_contents: [raw] }, /unexpected inference input 'z'/],
    ['an input twice', { inputs: [input, input], raw_input_contents: [raw, raw] }, /input 'float_input' already exists in request/],
    ['an unknown output', { inputs: [input], raw_input_contents: [raw], outputs: [{ name: 'z' }] }, /unexpected inference output 'z'/],
    ['an output twice', { inputs: [input], raw_input_contents: [raw], outputs: [{ name: 'label' }, { name: 'label' }] }, /output 'label' already exists/],
    ['shared memory', { inputs: [{ ...input, parameters: { shared_memory_region: { string_param: 'r' } } }], raw_input_contents: [raw] }, /shared memory is not supported/]
  ]
  for (const [name, body, details] of cases) {
    t.match(await client.fail('ModelInfer', { model_name: 'iris', ...body }), { code: INVALID_ARGUMENT, details }, name)
  }
  t.match(await client.call('ModelInfer', irisRequest()), { model_name: 'iris' }, 'and the next request is served')
})

t.test('several outputs come in the model\'s order', async (t) => {
  const response = await client.call('ModelInfer', { model_name: 'components', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4] }], raw_input_contents: [Buffer.alloc(16)] })
  const metadata = await client.call('ModelMetadata', { name: 'components' })
  const names = (tensors: unknown) => (tensors as { name: string }[]).map(({ name }) => name)
  t.ok(names(response.outputs).length > 1)
  t.same(names(response.outputs), names(metadata.outputs))
})
