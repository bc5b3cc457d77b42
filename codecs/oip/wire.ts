import { OipError } from './error.js'
import { checkShape, nameInput, type OipModel, type TensorHead } from './model.js'

export type JsonObject = Record<string, unknown>

/** An input of a JSON request, with its elements or with their length in bytes behind the JSON. */
export type JsonInput = TensorHead & ({ data: unknown[] } | { bytes: number })

export function isRecord (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list of objects, each of which is an input or an output. */
export function parseList (value: unknown, field: string): JsonObject[] {
  if (!Array.isArray(value)) throw new OipError(`Unable to parse '${field}': it must be an array`)
  return value.map((item: unknown) => {
    if (!isRecord(item)) throw new OipError(`Unable to parse '${field}': its elements must be objects`)
    return item
  })
}

export function parseString (object: JsonObject, field: string, where: string): string {
  const value = object[field]
  if (typeof value !== 'string') throw new OipError(`Unable to parse '${field}': the ${where} needs a string`)
  return value
}

/** The `parameters` object of a request, input or output; empty when absent or null. */
export function parseParameters ({ parameters }: JsonObject, where: string): JsonObject {
  if (parameters === undefined || parameters === null) return {}
  if (!isRecord(parameters)) throw new OipError(`Unable to parse 'parameters': those of the ${where} must be an object`)
  for (const key of Object.keys(parameters)) {
    if (key.startsWith('shared_memory_')) throw new OipError(`shared memory is not supported: parameter '${key}' of the ${where}`)
  }
  return parameters
}

export function parseFlag (parameters: JsonObject, key: string): boolean {
  const flag = parameters[key] ?? false
  if (typeof flag !== 'boolean') throw new OipError(`Unable to parse '${key}': it must be a boolean`)
  return flag
}

/** A whole number of 0 or more; undefined when absent or null. */
export function parseCount (parameters: JsonObject, key: string): number | undefined {
  const count = parameters[key] ?? undefined
  if (count === undefined) return undefined
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) throw new OipError(`Unable to parse '${key}': it must be an integer of 0 or more`)
  return count
}

/** An input of a JSON request up to, but without, its elements. Throws OipError. */
export function parseInput (input: JsonObject, model: OipModel): JsonInput {
  const name = parseString(input, 'name', 'input')
  const datatype = parseString(input, 'datatype', `input '${name}'`)
  if (!Array.isArray(input.shape)) throw new OipError(`Unable to parse 'shape': ${nameInput(model, name)} needs an array of integers`)
  const shape = checkShape(name, input.shape)
  const bytes = parseCount(parseParameters(input, `input '${name}'`), 'binary_data_size')
  // KServe's client sends a null beside the size of an empty binary tensor.
  const data = input.data ?? undefined
  if ((data === undefined) === (bytes === undefined)) {
    throw new OipError(`Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters'. But, ${data === undefined ? 'neither' : 'both'} set for ${nameInput(model, name)}`)
  }
  if (bytes !== undefined) return { name, datatype, shape, bytes }
  if (!Array.isArray(data)) throw new OipError(`Unable to parse 'data': ${nameInput(model, name)} needs an array`)
  return { name, datatype, shape, data }
}
