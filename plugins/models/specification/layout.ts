import type { Feature, InputLayout } from '../../../codecs/specification.js'
import { elementCount, type TensorSpec } from '../../../codecs/tensor.js'
import { SpecificationError } from './error.js'
import { familyOf, resolveFeature, sizeOf, type DeclaredFeature } from './feature.js'

const derivedTypes = { float: 'numeric', integer: 'integer', bool: 'boolean', string: 'string' } as const

/** Where declared features go: columns of the one tensor, in their order, or each into the input of its name. Warnings are appended. */
export function placeFeatures (inputs: TensorSpec[], declared: DeclaredFeature[], source: string, warnings: string[]): InputLayout {
  checkNames(declared)
  const [first, ...others] = inputs
  if (!first) throw new SpecificationError(source, 'the model has no inputs')
  const asInputs = others.length > 0 || isWholeInput(first, declared)
  const features = asInputs ? placeInputs(inputs, declared, source, warnings) : placeColumns(first, declared, source, warnings)
  return { inputs, kind: asInputs ? 'inputs' : 'columns', features, width: features.reduce((sum, { size }) => sum + size, 0) }
}

/** What the graph alone tells: features where every input is a column or a tensor of fixed shape, else the width of the one tensor. */
export function deriveLayout (inputs: TensorSpec[], warnings: string[]): InputLayout {
  const [first, ...others] = inputs
  if (first && others.length === 0 && first.dims.length === 2 && first.dims[1] !== 1) {
    const [, width = -1] = first.dims
    return { inputs, kind: 'columns', ...(width >= 0 && { width }) }
  }
  const derived = inputs.map((input, index) => derive(input, index))
  const known = derived.filter((feature) => feature !== undefined)
  if (known.length === inputs.length && known.length > 0) return placeFeatures(inputs, known, 'model.onnx', warnings)
  return { inputs, kind: others.length > 0 ? 'inputs' : 'columns' }
}

function derive ({ name, type, dims }: TensorSpec, index: number): DeclaredFeature | undefined {
  const [batch, ...shape] = dims
  if ((batch !== -1 && batch !== 1) || shape.some((size) => size < 1)) return undefined
  const field = `model.onnx: inputs[${index}]`
  return elementCount(shape) === 1 && shape.length <= 1
    ? { field, feature: { name, type: derivedTypes[familyOf(type)] } }
    : { field, feature: { name, type: 'vector', shape } }
}

function isWholeInput ({ name, dims }: TensorSpec, declared: DeclaredFeature[]): boolean {
  return declared.length === 1 && (dims.length > 2 || dims.length === 1 || declared[0]?.feature.name === name)
}

function checkNames (declared: DeclaredFeature[]): void {
  const names = new Set<string>()
  for (const { field, feature: { name } } of declared) {
    if (names.has(name)) throw new SpecificationError(`${field}.name`, `there are two features called '${name}'`)
    names.add(name)
  }
}

function placeColumns (input: TensorSpec, declared: DeclaredFeature[], source: string, warnings: string[]): Feature[] {
  let column = 0
  const features = declared.map((one): Feature => {
    const extent = sizeOf(one)
    const feature = { ...resolveFeature(one, input, warnings), input: 0, column, ...extent }
    column += extent.size
    return feature
  })
  const tail = input.dims.slice(1)
  const width = elementCount(tail)
  if (!tail.includes(-1) && input.dims.length > 0 && width !== column) {
    throw new SpecificationError(source, `the features fill ${column} columns, but the input '${input.name}' has ${width}`)
  }
  return features
}

function placeInputs (inputs: TensorSpec[], declared: DeclaredFeature[], source: string, warnings: string[]): Feature[] {
  const positions = new Map(inputs.map(({ name }, index) => [name, index]))
  const features = declared.map((one): Feature => {
    const index = inputs.length === 1 ? 0 : positions.get(one.feature.name)
    const input = index === undefined ? undefined : inputs[index]
    if (index === undefined || !input) {
      throw new SpecificationError(`${one.field}.name`, `the model has no input '${one.feature.name}'; its inputs are ${[...positions.keys()].join(', ')}`)
    }
    const tail = input.dims.slice(1)
    const extent = sizeOf(one, input.dims.length > 0 ? tail : undefined)
    checkShape(one, input, extent.shape ?? [1])
    return { ...resolveFeature(one, input, warnings), input: index, column: 0, ...extent }
  })
  const named = new Set(features.map(({ input }) => input))
  const missing = inputs.filter((_, index) => !named.has(index)).map(({ name }) => name)
  if (missing.length > 0) throw new SpecificationError(source, `no feature is there for the input${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`)
  return features
}

/** An input of one column may have or lack the dimension of size 1; a vector may be given flat. */
function checkShape ({ field, feature }: DeclaredFeature, { name, dims }: TensorSpec, shape: number[]): void {
  if (dims.length === 0) return
  const tail = dims.slice(1)
  const exact = tail.length === shape.length && tail.every((size, axis) => size === -1 || size === shape[axis])
  const flat = !tail.includes(-1) && elementCount(tail) === elementCount(shape) && (shape.length === 1 || tail.length <= 1)
  if (exact || flat) return
  const key = feature.type === 'vector' ? 'shape' : 'type'
  throw new SpecificationError(`${field}.${key}`, `'${feature.name}' has the shape [${shape.join(', ')}], but the input '${name}' wants [${tail.join(', ')}]`)
}
