import t from 'tap'
import type { OipModel } from '../../codecs/oip/model.js'
import { readInfer } from '../../workers/infer-reader.js'

const model: OipModel = { name: 'm', version: '1', inputs: [{ name: 'x', type: 'float32', dims: [-1] }], outputs: [{ name: 'y', type: 'float32', dims: [-1] }] }
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

t.test('a request comes back as tensors', async (t) => {
  t.strictSame(readInfer({ model, frame: { json: json({ inputs: [{ name: 'x', shape: [2], datatype: 'FP32', data: [1, 2] }] }), blobs: Buffer.alloc(0) } }), {
    request: { inputs: [{ name: 'x', type: 'float32', dims: [2], data: Float32Array.of(1, 2) }], outputs: [{ name: 'y', binary: false }] }
  })
})

t.test('a refusal comes back as a value', async (t) => {
  t.match(readInfer({ model, frame: { json: json({ inputs: [] }), blobs: Buffer.alloc(0) } }), { refusal: /^expected 1 inputs but got 0 inputs for model 'm'/ })
})
