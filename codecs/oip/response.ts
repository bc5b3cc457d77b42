import { encodeRaw } from './binary.js'
import { classify } from './classification.js'
import { oipDatatype } from './datatypes.js'
import type { OutputRequest } from './model.js'
import { encodeValues } from './values.js'
import type { Tensor } from '../tensor.js'

/** Names of the classes by position, for each output that has an element for each class. */
export type ClassLabels = ReadonlyMap<string, readonly string[]>

export interface InferAnswer {
  modelName: string
  modelVersion: string
  id?: string
  /** What the model gave, in any order. */
  outputs: readonly Tensor[]
  /** What to send, in this order. */
  requested: readonly OutputRequest[]
  /** For the classification extension. */
  labels?: ClassLabels
}

/** The parts of an answer, the JSON before the blobs. */
export interface InferParts {
  /** Bytes where another thread wrote it. */
  json: string | Uint8Array
  /** Wire form of the binary outputs, in their order; numeric ones are views on the tensors' own memory. */
  blobs: Uint8Array[]
}

/** Writes the answer of `POST /v2/models/{model}/infer`. Throws OipError for an FP16 output as JSON or classes of a tensor without order. */
export function encodeInferParts ({ modelName, modelVersion, id, outputs, requested, labels }: InferAnswer): { json: string, blobs: Uint8Array[] } {
  const blobs: Buffer[] = []
  const texts = selectTensors(outputs, requested, labels).map(({ tensor, binary }) => {
    const head = `"name":${JSON.stringify(tensor.name)},"datatype":"${oipDatatype(tensor.type)}","shape":[${tensor.dims.join()}]`
    if (!binary) return `{${head},"data":${encodeValues(tensor)}}`
    const blob = encodeRaw(tensor)
    blobs.push(blob)
    return `{${head},"parameters":{"binary_data_size":${blob.byteLength}}}`
  })
  const idText = id ? `,"id":${JSON.stringify(id)}` : ''
  const json = `{"model_name":${JSON.stringify(modelName)},"model_version":${JSON.stringify(modelVersion)}${idText},"outputs":[${texts.join()}]}`
  return { json, blobs }
}

/** The tensors to send, in the order of the request, with classes in the place of the tensors they were asked of. */
export function selectTensors (outputs: readonly Tensor[], requested: readonly OutputRequest[], labels?: ClassLabels): { tensor: Tensor, binary: boolean }[] {
  const byName = new Map(outputs.map((tensor) => [tensor.name, tensor]))
  return requested.map(({ name, binary, classification }) => {
    const tensor = byName.get(name)
    if (tensor === undefined) throw new Error(`the model gave no output '${name}'`)
    return { tensor: classification ? classify(tensor, classification, labels?.get(name)) : tensor, binary }
  })
}
