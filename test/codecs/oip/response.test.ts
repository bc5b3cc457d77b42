import t from 'tap'
import { encodeInferResponse } from '../../oip.js'
import type { Tensor } from '../../../codecs/tensor.js'

const label: Tensor = { name: 'label', type: 'int64', dims: [1], data: BigInt64Array.of(0n) }
const probabilities: Tensor = { name: 'probabilities', type: 'float32', dims: [1, 3], data: new Float32Array(Uint8Array.from(Buffer.from('42ae6f3f8fb7723d1322933b', 'hex')).buffer) }
const outputs = [label, probabilities]
const answer = { modelName: 'iris', modelVersion: '1', outputs }
const ask = (...names: string[]) => names.map((name) => ({ name, binary: false }))

t.test('a JSON answer is flat, in the order asked for', async (t) => {
  const { body, headerLength } = encodeInferResponse({ ...answer, requested: ask('probabilities', 'label') })
  t.equal(headerLength, undefined)
  t.equal(body.toString(), '{"model_name":"iris","model_version":"1","outputs":[{"name":"probabilities","datatype":"FP32","shape":[1,3],"data":[0.9362527132034302,0.059257086366415024,0.004490145947784185]},{"name":"label","datatype":"INT64","shape":[1],"data":[0]}]}')
})

t.test('the golden binary answer has the bytes a Python client expects', async (t) => {
  const { body, headerLength } = encodeInferResponse({ ...answer, id: 'r1', requested: [{ name: 'label', binary: true }, { name: 'probabilities', binary: true }] })
  t.equal(headerLength, 241)
  t.equal(body.byteLength, 261)
  t.equal(body.subarray(0, 241).toString(), '{"model_name":"iris","model_version":"1","id":"r1","outputs":[{"name":"label","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}},{"name":"probabilities","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}')
  t.equal(body.subarray(241).toString('hex'), '000000000000000042ae6f3f8fb7723d1322933b')
})

t.test('binary and JSON outputs mix and the header counts bytes', async (t) => {
  const { body, headerLength } = encodeInferResponse({ ...answer, modelName: 'fleur-é', id: '😀"', requested: [{ name: 'probabilities', binary: true }, { name: 'label', binary: false }] })
  const head = JSON.parse(body.subarray(0, headerLength).toString())
  t.equal(head.id, '😀"')
  t.equal(head.model_name, 'fleur-é')
  t.same(head.outputs, [{ name: 'probabilities', datatype: 'FP32', shape: [1, 3], parameters: { binary_data_size: 12 } }, { name: 'label', datatype: 'INT64', shape: [1], data: [0] }])
  t.equal(body.byteLength, (headerLength ?? 0) + 12)
})

t.test('without a single binary byte the body is JSON alone', async (t) => {
  const empty: Tensor = { name: 'y', type: 'float32', dims: [0, 3], data: new Float32Array(0) }
  const { body, headerLength } = encodeInferResponse({ ...answer, outputs: [empty], requested: [{ name: 'y', binary: true }] })
  t.equal(headerLength, undefined)
  t.same(JSON.parse(body.toString()).outputs, [{ name: 'y', datatype: 'FP32', shape: [0, 3], parameters: { binary_data_size: 0 } }])
})

t.test('an empty id is left out', async (t) => {
  t.notOk('id' in JSON.parse(encodeInferResponse({ ...answer, id: '', requested: [] }).body.toString()))
})

t.test('classes take the place of the tensor, as text or as bytes', async (t) => {
  const requested = [{ name: 'probabilities', binary: false, classification: 2 }]
  const { body } = encodeInferResponse({ ...answer, requested, labels: new Map([['probabilities', ['setosa', 'versicolor', 'virginica']]]) })
  t.same(JSON.parse(body.toString()).outputs, [{ name: 'probabilities', datatype: 'BYTES', shape: [1, 2], data: ['0.936253:0:setosa', '0.059257:1:versicolor'] }])
  const both = encodeInferResponse({ ...answer, requested: [{ name: 'label', binary: false, classification: 1 }, ...requested], labels: new Map([['probabilities', ['setosa', 'versicolor', 'virginica']]]) })
  t.same(JSON.parse(both.body.toString()).outputs[1].data, ['0.936253:0:setosa', '0.059257:1:versicolor'], 'whatever is asked for beside it')
  const binary = encodeInferResponse({ ...answer, requested: [{ name: 'probabilities', binary: true, classification: 1 }] })
  t.equal(binary.body.subarray(binary.headerLength).toString('latin1'), '\x0a\0\0\x000.936253:0')
})

t.test('an FP16 output as JSON is refused', async (t) => {
  const half: Tensor = { name: 'h', type: 'float16', dims: [1], data: Uint16Array.of(0x3c00) }
  t.throws(() => encodeInferResponse({ ...answer, outputs: [half], requested: ask('h') }), { name: 'OipError', statusCode: 400 })
  t.equal(encodeInferResponse({ ...answer, outputs: [half], requested: [{ name: 'h', binary: true }] }).body.subarray(-2).toString('hex'), '003c')
})

t.test('an output that the model did not give is an error of the server', async (t) => {
  t.throws(() => encodeInferResponse({ ...answer, requested: ask('z') }), { name: 'Error', message: "the model gave no output 'z'" })
})
