import { Ajv } from 'ajv'
import t from 'tap'
import { encodeInferResponse } from '../oip.js'
import { oipSchemas } from '../../schemas/oip.js'
import { oipRepositorySchemas } from '../../schemas/oip-repository.js'

const ajv = new Ajv({ strict: true, allowUnionTypes: true })
for (const schema of [...oipSchemas, ...oipRepositorySchemas]) ajv.addSchema(schema)

function accepts (id: string, value: unknown): boolean {
  return ajv.validate(`${id}#`, value)
}

t.test('every schema has a name of its own and resolves its references', async (t) => {
  const ids = [...oipSchemas, ...oipRepositorySchemas].map(({ $id }) => $id)
  t.equal(new Set(ids).size, ids.length)
  for (const id of ids) t.ok(ajv.getSchema(`${id}#`), String(id))
})

t.test('what clients send is described', async (t) => {
  const input = { name: 'x', shape: [1, 2], datatype: 'FP32' }
  t.ok(accepts('OipInferRequest', { inputs: [{ ...input, data: [1, null] }], outputs: [{ name: 'y', parameters: { binary_data: true } }], model_name: 'm' }))
  t.ok(accepts('OipInferRequest', { id: null, parameters: null, outputs: null, inputs: [{ ...input, data: null, parameters: { binary_data_size: 8 } }] }))
  t.notOk(accepts('OipInferRequest', { inputs: [{ ...input, datatype: 'FP31', data: [] }] }))
  t.notOk(accepts('OipInferRequest', { inputs: [{ ...input, shape: [-1], data: [] }] }))
  t.notOk(accepts('OipInferRequest', { inputs: [{ ...input, data: 5 }] }))
})

t.test('what the codec answers is described', async (t) => {
  const outputs = [
    { name: 'y', type: 'float32' as const, dims: [2], data: Float32Array.of(1, NaN) },
    { name: 'z', type: 'int8' as const, dims: [1], data: Int8Array.of(1) }
  ]
  const { body, headerLength } = encodeInferResponse({ modelName: 'm', modelVersion: '1', id: 'a', outputs, requested: [{ name: 'y', binary: false }, { name: 'z', binary: true }] })
  const answer: unknown = JSON.parse(body.subarray(0, headerLength).toString())
  t.ok(accepts('OipInferResponse', answer), ajv.errorsText())
})

t.test('the repository and the statistics are described', async (t) => {
  const zero = { count: 0, ns: 0 }
  const stats = { success: zero, fail: zero, queue: zero, compute_input: zero, compute_infer: zero, compute_output: zero, cache_hit: zero, cache_miss: zero }
  const model = { name: 'm', version: '1', last_inference: 0, inference_count: 0, execution_count: 0, inference_stats: stats, response_stats: {}, batch_stats: [], memory_usage: [] }
  t.ok(accepts('OipStatistics', { model_stats: [model] }), ajv.errorsText())
  t.notOk(accepts('OipStatistics', { model_stats: [{ ...model, inference_stats: { ...stats, queue: undefined } }] }))
  t.ok(accepts('OipIndex', [{ name: 'm', version: '1', state: 'READY', reason: '' }]))
  t.notOk(accepts('OipIndex', [{ name: 'm', version: '1', state: 'GONE', reason: '' }]))
  t.notOk(accepts('OipIndexRequest', { ready: 'yes' }))
})
