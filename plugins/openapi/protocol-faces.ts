import { oipDatatype } from '../../codecs/oip/datatypes.js'
import { encodeValues } from '../../codecs/oip/values.js'
import { RecordCodec } from '../../codecs/records/records.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { Model } from '../models/model.js'
import type { OpenapiDocument } from './document.js'
import type { DescribedModel } from './typed-faces.js'

/** Completes the routes under `/v1` and `/v2`, which are the same for all models: examples of the first of these that has any, and bodies that may be absent. */
export function describeProtocolFaces ({ paths }: OpenapiDocument, candidates: DescribedModel[]): void {
  const chosen = candidates.find(({ model, example }) => example !== undefined && model.specification.layout.inputs.every(({ type }) => type !== 'float16'))
  for (const [path, { post }] of Object.entries(paths)) {
    if (post?.requestBody !== undefined && path.startsWith('/v2/repository/')) post.requestBody.required = false
  }
  if (chosen?.example === undefined) return
  const { model, example: { record } } = chosen
  const addressed: Record<string, string> = { model: model.name, version: model.version }
  const bodies: Record<string, unknown> = {
    '/v2/models/{model}/infer': inferRequest(model, record),
    '/v2/models/{model}/versions/{version}/infer': inferRequest(model, record),
    '/v1/models/{model}:predict': { instances: [record] }
  }
  for (const [path, example] of Object.entries(bodies)) {
    const operation = paths[path]?.post
    const media = operation?.requestBody?.content['application/json']
    if (operation === undefined || media === undefined) continue
    media.example = example
    operation.parameters = (operation.parameters ?? []).map((parameter) => 'in' in parameter && parameter.in === 'path' ? { ...parameter, example: addressed[String(parameter.name)] } : parameter)
  }
}

/** A record as the request of the Open Inference Protocol that runs the model on the same row. */
function inferRequest ({ specification: { layout } }: Model, record: Record<string, unknown>): unknown {
  const tensors = new RecordCodec(layout).encodeRecords([record], { strict: true, path: () => '' })
  return {
    inputs: tensors.map((tensor) => ({ name: tensor.name, shape: tensor.dims, datatype: oipDatatype(tensor.type), data: readValues(tensor) }))
  }
}

function readValues (tensor: Tensor): unknown[] {
  const values: unknown[] = JSON.parse(encodeValues(tensor))
  return tensor.type === 'float32' ? values.map((value) => typeof value === 'number' ? shorten(value) : value) : values
}

/** The shortest number that is the same one in float32: 5.1 rather than 5.099999904632568. */
function shorten (value: number): number {
  return [6, 7, 8].map((digits) => Number(value.toPrecision(digits))).find((short) => Math.fround(short) === value) ?? value
}
