import { isOipDatatype, oipDatatype } from './datatypes.js'
import { OipError } from './error.js'
import type { DataType, TensorSpec } from '../tensor.js'

/** What the codecs need to know of the model version that a request addresses. */
export interface OipModel {
  name: string
  version: string
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  /** Tensors that the graph does not declare as outputs: answered only to who asks for them by name. */
  inner?: TensorSpec[]
}

/** What a request says of an input beside its data, as it stands on the wire. */
export interface TensorHead {
  name: string
  datatype: string
  shape: number[]
}

export interface OutputRequest {
  name: string
  /** Raw bytes after the JSON (REST) or in `raw_output_contents` (gRPC). */
  binary: boolean
  /** Answer the strings of the N highest elements instead of the tensor. */
  classification?: number
}

export type CheckedHead<T extends TensorHead> = T & { type: DataType, index: number }

const maxRank = 64
// Leaves room for the bytes of any element type within a safe integer.
const maxElements = Number.MAX_SAFE_INTEGER / 16

/** Checks the dimensions of an input: whole, not negative, with a product that no count of bytes overflows. Throws OipError. */
export function checkShape (name: string, shape: readonly unknown[]): number[] {
  if (shape.length > maxRank) throw new OipError(`Unable to parse 'shape': input '${name}' has ${shape.length} dimensions, at most ${maxRank} are supported`)
  let elements = 1
  return shape.map((dim) => {
    if (typeof dim !== 'number' || !Number.isInteger(dim) || dim < 0) throw new OipError(`Unable to parse 'shape': the dimensions of input '${name}' must be integers of 0 or more`)
    elements *= Math.max(dim, 1)
    if (elements > maxElements) throw new OipError(`Unable to parse 'shape': the element count of input '${name}' is too large`)
    // JSON has a negative zero, which would be printed as such in messages.
    return dim + 0
  })
}

/** Names an input in a message. */
export function nameInput (model: OipModel, name: string): string {
  return `input '${name}' for model '${model.name}'`
}

/**
 * Compares the inputs of a request with the model: every input exactly once, of the model's datatype and a shape that
 * fits. A model input without dimensions takes any shape, for a graph that declares no rank looks the same as a scalar.
 * Returns the inputs in the model's order with its data types and positions. Throws OipError.
 */
export function checkInputs<T extends TensorHead> (model: OipModel, heads: readonly T[]): CheckedHead<T>[] {
  const names = new Set<string>()
  for (const { name } of heads) {
    if (names.has(name)) throw new OipError(`input '${name}' already exists in request`)
    names.add(name)
  }
  checkCount(model, names)
  const known = new Map(model.inputs.map(({ name }, index) => [name, index]))
  return heads.map((head) => {
    const index = known.get(head.name) ?? -1
    const spec = model.inputs[index]
    if (spec === undefined) throw new OipError(`unexpected inference input '${head.name}' for model '${model.name}'`)
    checkHead(model, spec, head)
    return { ...head, type: spec.type, index }
  }).sort((a, b) => a.index - b.index)
}

/** All that can be asked for by name. */
export function listTensors ({ outputs, inner }: OipModel): TensorSpec[] {
  return inner === undefined ? outputs : [...outputs, ...inner]
}

/** The outputs to answer with: those requested, in that order, or all that the model declares. Throws OipError for an unknown or repeated one. */
export function selectOutputs (model: OipModel, requested: readonly OutputRequest[], binaryDefault = false): OutputRequest[] {
  if (requested.length === 0) return model.outputs.map(({ name }) => ({ name, binary: binaryDefault }))
  const known = new Set(listTensors(model).map(({ name }) => name))
  const seen = new Set<string>()
  for (const { name } of requested) {
    if (seen.has(name)) throw new OipError(`output '${name}' already exists in request`)
    if (!known.has(name)) throw new OipError(`unexpected inference output '${name}' for model '${model.name}'`)
    seen.add(name)
  }
  return [...requested]
}

function checkCount (model: OipModel, names: ReadonlySet<string>): void {
  const expected = model.inputs.length
  if (names.size === expected) return
  const missing = model.inputs.filter(({ name }) => !names.has(name)).map(({ name }) => name)
  const advice = missing.length > 0
    ? `, but missing required input(s) ${listNames(missing)}. Please provide all required input(s).`
    : `, but the model takes ${listNames(model.inputs.map(({ name }) => name))}.`
  throw new OipError(`expected ${expected} inputs but got ${names.size} inputs for model '${model.name}'. Got input(s) ${listNames([...names])}${advice}`)
}

function checkHead (model: OipModel, spec: TensorSpec, { name, datatype, shape }: TensorHead): void {
  if (!isOipDatatype(datatype)) throw new OipError(`invalid datatype for ${nameInput(model, name)}`)
  const expected = oipDatatype(spec.type)
  if (datatype !== expected) throw new OipError(`inference input '${name}' data-type is '${datatype}', but model '${model.name}' expects '${expected}'`)
  const { dims } = spec
  const fits = dims.length === 0 || (dims.length === shape.length && dims.every((dim, axis) => dim < 0 || dim === shape[axis]))
  if (!fits) throw new OipError(`unexpected shape for ${nameInput(model, name)}. Expected [${dims.join(',')}], got [${shape.join(',')}]. `)
}

function listNames (names: string[]): string {
  const shown = names.slice(0, 32).map((name) => `'${name.slice(0, 64)}'`).join(',')
  return names.length > 32 ? `[${shown},…]` : `[${shown}]`
}
