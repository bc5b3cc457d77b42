import { decodeRaw } from '../../codecs/oip/binary.js'
import { decodeContents } from '../../codecs/oip/contents.js'
import { OipError } from '../../codecs/oip/error.js'
import { checkInputs, checkShape, listTensors, nameInput, selectOutputs, type CheckedHead, type OipModel, type OutputRequest, type TensorHead } from '../../codecs/oip/model.js'
import { checkAnswerable } from '../../codecs/oip/outputs.js'
import type { InferRequest } from '../../codecs/oip/request.js'
import { parseCount, parseParameters, type JsonObject } from '../../codecs/oip/wire.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { InferInputTensor, InferParameters, ModelInferRequest } from './messages.js'

/** How tensors travel in answers: as they came, or always the one way. */
export type OutputForm = 'auto' | 'raw' | 'typed'

/** Reads a ModelInferRequest for the model that it names. Outputs are `binary` when they are to be sent raw: all or none. Throws OipError. */
export function decodeInferRequest (request: ModelInferRequest, model: OipModel, form: OutputForm): InferRequest {
  const { id, parameters, inputs, outputs, raw_input_contents: raws } = request
  const timeoutUs = parseCount(readParameters(parameters, 'request'), 'timeout')
  const sources = raws.length > 0 ? pairRaw(inputs, raws, model) : inputs.map(readHead)
  const raw = form === 'raw' || (form === 'auto' && raws.length > 0) || answersHalf(outputs, model)
  const requested = selectOutputs(model, outputs.map((output) => readOutput(output, raw)), raw)
  checkAnswerable(model, requested)
  return {
    ...(id !== '' && { id }),
    inputs: checkInputs(model, sources).map((source) => decodeInput(source, model)),
    outputs: requested,
    ...(timeoutUs && { timeoutMs: timeoutUs / 1000 })
  }
}

interface Source extends TensorHead {
  contents: InferInputTensor['contents']
  raw?: Uint8Array
}

function readHead ({ name, datatype, shape, parameters, contents }: InferInputTensor): Source {
  readParameters(parameters, 'input')
  return { name, datatype, shape: checkShape(name, shape.map(Number)), contents }
}

function pairRaw (inputs: readonly InferInputTensor[], raws: readonly Uint8Array[], model: OipModel): Source[] {
  const typed = inputs.find(({ contents }) => contents !== null)
  if (typed !== undefined) throw new OipError(`contents field must not be specified when using raw_input_contents for '${typed.name}' for model '${model.name}'`)
  if (raws.length !== inputs.length) {
    throw new OipError(`expected ${inputs.length} entries in raw_input_contents, one for each input, but got ${raws.length} for model '${model.name}'`)
  }
  return inputs.map((input, index) => ({ ...readHead(input), raw: raws[index] ?? new Uint8Array() }))
}

/** FP16 has no typed form, and an answer is raw or typed as a whole. */
function answersHalf (outputs: ModelInferRequest['outputs'], model: OipModel): boolean {
  const sent = outputs.length === 0 ? model.outputs : listTensors(model).filter(({ name }) => outputs.some((output) => output.name === name))
  return sent.some(({ type }) => type === 'float16')
}

function readOutput ({ name, parameters }: ModelInferRequest['outputs'][number], binary: boolean): OutputRequest {
  const classification = parseCount(readParameters(parameters, 'output'), 'classification')
  return { name, binary, ...(classification && { classification }) }
}

function decodeInput ({ name, type, shape, raw, contents }: CheckedHead<Source>, model: OipModel): Tensor {
  const where = nameInput(model, name)
  const data = raw === undefined ? decodeContents(type, shape, contents ?? {}, where) : decodeRaw(type, shape, raw, where)
  return { name, type, dims: shape, data }
}

/** Parameters as JSON has them. Throws OipError for those of shared memory. */
function readParameters (parameters: InferParameters, where: string): JsonObject {
  const values: JsonObject = {}
  for (const [key, { int64_param: int64, uint64_param: uint64, ...others }] of Object.entries(parameters)) {
    const integer = int64 ?? uint64
    values[key] = integer === undefined ? others.bool_param ?? others.string_param ?? others.double_param : Number(integer)
  }
  return parseParameters({ parameters: values }, where)
}
