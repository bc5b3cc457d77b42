import { decodeRaw } from './binary.js'
import { elementBytes } from './datatypes.js'
import { OipError } from './error.js'
import { nameInput, selectOutputs, type OipModel } from './model.js'
import { checkAnswerable } from './outputs.js'
import type { InferRequest } from './request.js'
import { elementCount, type TensorSpec } from '../tensor.js'

/**
 * Reads a raw binary request: the whole body is the only input, whose one unknown dimension follows from the length; a BYTES
 * input has one element without its length. Every output is answered as binary. Throws OipError.
 */
export function decodeRawRequest (body: Uint8Array, model: OipModel): InferRequest {
  const [spec, ...others] = model.inputs
  if (spec === undefined || others.length > 0) {
    throw new OipError(`a raw binary request needs a model with exactly one input, but model '${model.name}' has ${model.inputs.length}`)
  }
  const where = nameInput(model, spec.name)
  const dims = inferShape(spec, body.byteLength, where)
  const data = decodeRaw(spec.type, dims, spec.type === 'string' ? prependLength(body) : body, where)
  const outputs = selectOutputs(model, [], true)
  checkAnswerable(model, outputs)
  return { inputs: [{ name: spec.name, type: spec.type, dims, data }], outputs }
}

function inferShape ({ type, dims }: TensorSpec, bytes: number, where: string): number[] {
  const known = elementCount(dims.filter((dim) => dim >= 0))
  if (type === 'string') {
    if (known !== 1) throw new OipError(`a raw binary request needs a shape of one BYTES element, but ${where} expects [${dims.join(',')}]`)
    return dims.map(() => 1)
  }
  if (dims.filter((dim) => dim < 0).length > 1) {
    throw new OipError(`a raw binary request allows one unknown dimension, but ${where} expects [${dims.join(',')}]`)
  }
  const rowBytes = known * elementBytes(type)
  const rows = rowBytes === 0 ? 0 : Math.floor(bytes / rowBytes)
  return dims.map((dim) => dim < 0 ? rows : dim)
}

function prependLength (body: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.byteLength)
  return Buffer.concat([length, body])
}
