import type { JsonSchema } from '../../codecs/records/record-schema.js'
import type { ModelSpecification } from '../../codecs/specification.js'
import { elementCount, type DataType, type TensorSpec } from '../../codecs/tensor.js'

/** A value of one of the given labels. */
export function enumSchema (values: (string | number)[]): JsonSchema {
  const distinct = [...new Set(values)]
  const types = new Set(distinct.map((value) => typeof value === 'string' ? 'string' : Number.isInteger(value) ? 'integer' : 'number'))
  return { type: types.size === 1 ? [...types][0] : [...types], enum: distinct }
}

/** The number, label or targets that a model predicts in style `scalar`. */
export function predictionSchema (specification: ModelSpecification, isBatched: boolean): JsonSchema {
  const { task, roles, outputs, targetNames } = specification
  if (task === 'BINARY_CLASSIFICATION' || task === 'MULTICLASS_CLASSIFICATION') return labelSchema(specification)
  const role = task === 'REGRESSION' ? roles.value ?? 0 : roles.label
  const tensor = role === undefined ? undefined : outputs[role]
  return tensor === undefined ? outputsSchema(outputs, isBatched) : targetsSchema(tensor, targetNames)
}

function labelSchema ({ roles, outputs, classes, labelFromProbabilities, decisionThreshold }: ModelSpecification): JsonSchema {
  const isDerived = roles.label === undefined || labelFromProbabilities || decisionThreshold !== undefined
  if (isDerived) return classes === undefined ? { type: 'integer', minimum: 0 } : enumSchema(classes)
  const type = outputs[roles.label ?? 0]?.type ?? 'string'
  const agrees = classes?.every((label) => (typeof label === 'string') === (type === 'string')) === true
  return agrees ? enumSchema(classes) : elementSchema(type)
}

function targetsSchema ({ type, dims }: TensorSpec, names: string[] | undefined): JsonSchema {
  const element = elementSchema(type)
  const declared = dims.length > 1 ? elementCount(dims.slice(1)) : -1
  // Converters declare one column for several targets, so names go before that.
  const width = declared > 1 || names === undefined ? declared : names.length
  if (width === 1) return element
  const list = { type: 'array', items: element, ...(width > 0 && { minItems: width, maxItems: width }) }
  if (width < 1) return { anyOf: [element, list] }
  return names?.length === width ? closedObject(names.map((name) => [name, element])) : list
}

function outputsSchema (outputs: TensorSpec[], isBatched: boolean): JsonSchema {
  return closedObject(outputs.map((output) => [output.name, isBatched && output.dims.length > 0 ? nestedSchema(output) : anyShape]))
}

// The graph of a model whose rows are not independent does not tell which dimensions an answer has.
const anyShape = { description: 'A value, or lists nested as the output is.' }

function nestedSchema ({ type, dims: [, ...shape] }: TensorSpec): JsonSchema {
  const element = type === 'bool' ? { type: 'boolean' } : elementSchema(type)
  if (shape.length === 1 && shape[0] === 1) return element
  return shape.reduceRight<JsonSchema>((items, length) => length < 0
    ? { type: 'array', items }
    : { type: 'array', items, minItems: length, maxItems: length }, element)
}

function elementSchema (type: DataType): JsonSchema {
  if (type === 'string') return { type: 'string' }
  if (type === 'int64' || type === 'uint64') return { type: ['integer', 'string'], description: 'An integer; from 2^53 on as a decimal string.' }
  return { type: type.startsWith('float') ? 'number' : 'integer' }
}

/** An object of exactly these members. */
export function closedObject (members: [string, JsonSchema][]): JsonSchema {
  return { type: 'object', properties: Object.fromEntries(members), required: members.map(([name]) => name), additionalProperties: false }
}
