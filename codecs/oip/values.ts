import { oipDatatype } from './datatypes.js'
import { OipError } from './error.js'
import { arrayTypes, elementCount, type DataType, type Tensor, type TensorData } from '../tensor.js'

type Rows = readonly (readonly unknown[])[]
type IntegerType = 'int8' | 'int16' | 'int32' | 'uint8' | 'uint16' | 'uint32'

const int64Digits = 20
/** The least number that rounds to an infinity. */
const float32Bound = 2 ** 128 - 2 ** 103
const infinities = new Map<unknown, number>([['Infinity', Infinity], ['-Infinity', -Infinity]])

/**
 * Turns the `data` list of a JSON tensor, flat or nested, into row-major elements. Those of INT64 and UINT64 are safe
 * integers or strings of digits, infinities strings of that name. `where` names the input in messages. Throws OipError before it allocates anything when the
 * list does not have as many elements as `dims` say.
 */
export function decodeValues (type: DataType, dims: readonly number[], data: readonly unknown[], where: string): TensorData {
  const rows = splitRows(dims, data, where)
  const count = elementCount(dims)
  switch (type) {
    case 'float16':
      throw new OipError(`receiving FP16 data via JSON is not supported. Please use the binary data format for ${where}`)
    case 'string':
      return decodeStrings(rows, where)
    case 'int64':
    case 'uint64':
      return decodeBigInts(type, count, rows, where)
    case 'float32':
    case 'float64':
      return decodeFloats(type, count, rows, where)
    case 'bool':
      return decodeBooleans(count, rows, where)
    default:
      return decodeIntegers(type, count, rows, where)
  }
}

/**
 * Whether the list holds 64-bit integers that JSON.parse has rounded, so that they must be read again from their digits.
 * Throws OipError for an element of INT64 or UINT64 that is no integer.
 */
export function needDigits (type: DataType, dims: readonly number[], data: readonly unknown[], where: string): boolean {
  if (type !== 'int64' && type !== 'uint64') return false
  let needed = false
  for (const row of splitRows(dims, data, where)) {
    for (const value of row) {
      if (typeof value !== 'number' || !Number.isInteger(value)) refuse(type, where, value)
      if (!Number.isSafeInteger(value)) needed = true
    }
  }
  return needed
}

/** JSON text of the `data` list of a tensor: flat, integers of any size as bare digits, NaN and infinities as null. Throws OipError for FP16. */
export function encodeValues ({ name, type, data }: Tensor): string {
  if (type === 'float16') throw new OipError(`sending FP16 data via JSON is not supported. Please use the binary data format for output '${name}'`)
  if (Array.isArray(data)) return JSON.stringify(data)
  if (type === 'bool') return `[${Array.from(data, Boolean).join()}]`
  const isFloat = data instanceof Float32Array || data instanceof Float64Array
  // The join of a typed array takes two thirds of the time of JSON.stringify.
  return `[${isFloat && !isPlain(data) ? Array.from(data, spellFloat).join() : data.join()}]`
}

/** Throws OipError unless the string reaches the model unchanged: ONNX Runtime cuts strings at NUL and replaces lone surrogates. */
export function checkText (text: string, where: string): string {
  if (text.includes('\0')) throw new OipError(`a BYTES element of ${where} holds a NUL character, which is not supported`)
  if (!text.isWellFormed()) throw new OipError(`a BYTES element of ${where} is not well-formed Unicode, only UTF-8 text is supported`)
  return text
}

function splitRows (dims: readonly number[], data: readonly unknown[], where: string): Rows {
  let rows: Rows = [data]
  for (let axis = 0; Array.isArray(rows[0]?.[0]); axis++) {
    if (axis + 1 >= dims.length) throw new OipError(`Unable to parse 'data': ${where} is nested deeper than its shape [${dims.join(',')}]`)
    const next: unknown[][] = []
    for (const row of rows) {
      if (row.length !== dims[axis]) throw mismatch(dims, where)
      for (const child of row) {
        if (!Array.isArray(child)) throw mismatch(dims, where)
        next.push(child)
      }
    }
    rows = next
  }
  const length = elementCount(dims) / rows.length
  if (rows.some((row) => row.length !== length)) throw mismatch(dims, where)
  return rows
}

function mismatch (dims: readonly number[], where: string): OipError {
  return new OipError(`Unable to parse 'data': Shape does not match true shape of 'data' field for ${where}. Expected [${dims.join(',')}]`)
}

function refuse (type: DataType, where: string, value: unknown): never {
  throw new OipError(`Unable to parse 'data': the elements of ${where} must be ${oipDatatype(type)} values, got ${describe(value)}`)
}

function describe (value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function decodeFloats (type: 'float32' | 'float64', count: number, rows: Rows, where: string): TensorData {
  const out = new arrayTypes[type](count)
  const bound = type === 'float32' ? float32Bound : Infinity
  let at = 0
  for (const row of rows) {
    for (let index = 0; index < row.length; index++) {
      const value = row[index]
      if (typeof value === 'number') out[at++] = Math.abs(value) < bound ? value : refuse(type, where, value)
      else out[at++] = value === null ? NaN : infinities.get(value) ?? refuse(type, where, value)
    }
  }
  return out
}

function decodeIntegers (type: IntegerType, count: number, rows: Rows, where: string): TensorData {
  const out = new arrayTypes[type](count)
  let at = 0
  for (const row of rows) {
    for (let index = 0; index < row.length; index++) {
      const value = row[index]
      if (typeof value !== 'number') return refuse(type, where, value)
      out[at] = value
      // A typed array wraps and truncates: it has kept the number only if that was whole and in range.
      if (out[at++] !== value) refuse(type, where, value)
    }
  }
  return out
}

function decodeBooleans (count: number, rows: Rows, where: string): TensorData {
  const out = new Uint8Array(count)
  let at = 0
  for (const row of rows) {
    for (const value of row) {
      if (value !== true && value !== false && value !== 0 && value !== 1) refuse('bool', where, value)
      out[at++] = Number(value)
    }
  }
  return out
}

function decodeBigInts (type: 'int64' | 'uint64', count: number, rows: Rows, where: string): TensorData {
  const out = new arrayTypes[type](count)
  let at = 0
  for (const row of rows) {
    for (const value of row) {
      const integer = toBigInt(value) ?? refuse(type, where, value)
      out[at] = integer
      if (out[at] !== integer) refuse(type, where, value)
      at++
    }
  }
  return out
}

/** Undefined for a number whose digits are not known and for more digits than any 64-bit integer has. */
function toBigInt (value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && value.length <= int64Digits ? BigInt(value) : undefined
}

function decodeStrings (rows: Rows, where: string): string[] {
  return rows.flatMap((row) => row.map((value) => typeof value === 'string' ? checkText(value, where) : refuse('string', where, value)))
}

function isPlain (data: Float32Array | Float64Array): boolean {
  for (const value of data) {
    if (!Number.isFinite(value) || Object.is(value, -0)) return false
  }
  return true
}

function spellFloat (value: number): string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? String(value) : 'null'
}
