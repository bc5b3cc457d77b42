const datatype = 'FP32'
const infer = (model) => `/v2/models/${model}/infer`

/** An inference request of the Open Inference Protocol with one FP32 tensor `{ name, shape, data }`, as JSON. */
export function buildJsonInfer (model, { name, shape, data }) {
  return { path: infer(model), body: { inputs: [{ name, shape, datatype, data: Array.from(data) }] } }
}

/** The same request with the tensor as bytes behind the JSON, which asks for bytes in the answer too. */
export function buildBinaryInfer (model, { name, shape, data }) {
  const bytes = Buffer.from(Float32Array.from(data).buffer)
  const head = Buffer.from(JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ name, shape, datatype, parameters: { binary_data_size: bytes.length } }]
  }))
  return {
    path: infer(model),
    headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(head.length) },
    body: Buffer.concat([head, bytes])
  }
}
