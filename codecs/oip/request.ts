import { decodeRaw } from './binary.js'
import { OipError } from './error.js'
import { parseJson, parseJsonWithDigits } from './json.js'
import { checkInputs, nameInput, selectOutputs, type OipModel, type OutputRequest, type TensorHead } from './model.js'
import { checkAnswerable, parseOutputs } from './outputs.js'
import { decodeRawRequest } from './raw-request.js'
import { decodeValues, needDigits } from './values.js'
import { isRecord, parseCount, parseFlag, parseInput, parseList, parseParameters, type JsonInput, type JsonObject } from './wire.js'
import type { DataType, Tensor, TensorData } from '../tensor.js'

/** A request as the rest of the server knows it. Plain data that can be sent to a thread. */
export interface InferRequest {
  /** To be echoed; absent when the client sent none. */
  id?: string
  /** Every input of the model, in the model's order. */
  inputs: Tensor[]
  /** What to answer with, in this order. */
  outputs: OutputRequest[]
  /** Time the client gives the request to start and finish, milliseconds. */
  timeoutMs?: number
}

/** The body of a request in its two parts. */
export interface InferFrame {
  /** Absent in a raw binary request. */
  json?: Uint8Array
  /** What follows the JSON. A tensor takes over memory that it fills and that nothing else lies in. */
  blobs: Uint8Array
}

/**
 * Reads the body of `POST /v2/models/{model}/infer`: JSON, JSON with binary tensors behind it, or (length header 0) the raw
 * bytes of a single input. `headerLength` is the Inference-Header-Content-Length header. Throws OipError.
 */
export function decodeInferRequest (body: Uint8Array, headerLength: string | undefined, model: OipModel): InferRequest {
  const jsonBytes = parseHeaderLength(headerLength, body.byteLength)
  const isRaw = headerLength !== undefined && jsonBytes === 0
  return decodeInferFrame({ ...(!isRaw && { json: body.subarray(0, jsonBytes) }), blobs: body.subarray(jsonBytes) }, model)
}

/** The same for a body whose parts lie apart. Throws OipError. */
export function decodeInferFrame ({ json: text, blobs }: InferFrame, model: OipModel): InferRequest {
  if (text === undefined) return decodeRawRequest(blobs, model)
  const { inputs, ...request } = decodeJson(text, blobs, model)
  return { ...request, inputs: decodeDigits(inputs, text, model) }
}

/** Nothing of the parsed JSON outlives it: junk in it may fill most of the heap, which the digits are to be read into. */
function decodeJson (text: Uint8Array, blobs: Uint8Array, model: OipModel): Omit<InferRequest, 'inputs'> & { inputs: DecodedInput[] } {
  const request = parseObject(parseJson(text))
  const id = parseId(request)
  const parameters = parseParameters(request, 'request')
  const timeoutUs = parseCount(parameters, 'timeout')
  const heads = parseList(request.inputs, 'inputs').map((input) => parseInput(input, model))
  const sources = locate(heads, blobs, model)
  const outputs = selectOutputs(model, parseOutputs(request.outputs), parseFlag(parameters, 'binary_data_output'))
  checkAnswerable(model, outputs)
  return {
    ...(id && { id }),
    inputs: checkInputs(model, sources).map((input) => decodeInput(input, model)),
    outputs,
    ...(timeoutUs && { timeoutMs: timeoutUs / 1000 })
  }
}

/** Bytes of JSON in front of the binary tensors; the whole body where there is no length header. Throws OipError. */
export function parseHeaderLength (header: string | undefined, bodyBytes: number): number {
  if (header === undefined) return bodyBytes
  const length = Number(header)
  if (!/^\d{1,15}$/.test(header) || length > bodyBytes) {
    throw new OipError(`inference header size should be in range (0, ${bodyBytes}), got: ${header}`)
  }
  return length
}

/** A tensor without `data` is one whose integers must be read from their digits; `position` is that in the request. */
type DecodedInput = Omit<Tensor, 'data'> & { position: number, data: TensorData | undefined }

type Source = TensorHead & { position: number } & ({ values: unknown[] } | { blob: Uint8Array })

function parseObject (value: unknown): JsonObject {
  if (!isRecord(value)) throw new OipError('failed to parse the request JSON buffer: the request must be a JSON object')
  return value
}

function parseId ({ id }: JsonObject): string | undefined {
  if (id === undefined || id === null) return undefined
  if (typeof id !== 'string') throw new OipError("Unable to parse 'id': it must be a string")
  return id
}

/** Gives every input its part of the bytes behind the JSON, in the order of the request, without a gap. */
function locate (heads: readonly JsonInput[], blobs: Uint8Array, model: OipModel): Source[] {
  let at = 0
  const sources = heads.map((input, position): Source => {
    const { name, datatype, shape } = input
    if ('data' in input) return { name, datatype, shape, position, values: input.data }
    const end = at + input.bytes
    if (end > blobs.byteLength) throw new OipError(`unexpected size for input '${name}', expecting ${end - blobs.byteLength} additional bytes for model '${model.name}'`)
    const blob = blobs.subarray(at, end)
    at = end
    return { name, datatype, shape, position, blob }
  })
  if (at < blobs.byteLength) throw new OipError(`unexpected additional input data for model '${model.name}'`)
  return sources
}

function decodeInput (source: Source & { type: DataType }, model: OipModel): DecodedInput {
  const { name, type, shape, position } = source
  return { name, type, dims: shape, position, data: decodeData(source, nameInput(model, name)) }
}

function decodeData (source: Source & { type: DataType }, where: string): TensorData | undefined {
  const { type, shape } = source
  if ('blob' in source) return decodeRaw(type, shape, source.blob, where)
  return needDigits(type, shape, source.values, where) ? undefined : decodeValues(type, shape, source.values, where)
}

function decodeDigits (inputs: readonly DecodedInput[], text: Uint8Array, model: OipModel): Tensor[] {
  const heads = inputs.some(({ data }) => data === undefined) ? parseList(parseObject(parseJsonWithDigits(text)).inputs, 'inputs') : []
  return inputs.map(({ name, type, dims, position, data }) => {
    // Flattens the list of one input only, not what is nested in its data.
    const digits = () => heads.slice(position, position + 1).flatMap((head) => head.data)
    return { name, type, dims, data: data ?? decodeValues(type, dims, digits(), nameInput(model, name)) }
  })
}
