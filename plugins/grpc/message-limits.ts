import { PbfReader } from 'pbf'
import { OipError } from '../../codecs/oip/error.js'

// A message of this size cannot grow to much, whatever it holds.
const smallBytes = 64 * 1024
// Inputs, outputs, parameters, dimensions and raw entries of one request: at least so many, and more where a model has more inputs than that is enough for.
const leastParts = 4096
// An input takes about eight: itself, its name, datatype and contents, its shape with a byte or more for each dimension, its raw entry.
const partsPerInput = 16
// Typed elements of which each becomes an object of its own.
const maxElements = 2 ** 20

const packed = 2
const inputsField = 5
const shapeField = 3
const contentsField = 5
const bytesContents = 8
const longContents: readonly number[] = [3, 5]

type Visit = (field: number, reader: PbfReader) => void

/**
 * Refuses a request that the library would blow up, before it does: 16 MB of empty inputs or of typed 64-bit integers take it
 * seconds and gigabytes. Raw bytes are not limited here. `mostInputs` counts the inputs of the served model that has most; it is asked only where that
 * matters. Throws OipError, or any error where the bytes are no message.
 */
export function checkMessage (method: string, bytes: Uint8Array, mostInputs: () => number): void {
  if (bytes.byteLength <= smallBytes) return
  if (method !== 'ModelInfer' && method !== 'ModelStreamInfer') throw new OipError(`a ${method} request has at most ${smallBytes} bytes`)
  let parts = 0
  let maxParts = leastParts
  let elements = 0

  function countParts (count: number): void {
    parts += count
    if (parts <= maxParts) return
    maxParts = Math.max(leastParts, partsPerInput * mostInputs())
    if (parts > maxParts) throw new OipError(`a request has at most ${maxParts} inputs, outputs, parameters and dimensions`)
  }

  function countElements (count: number): void {
    elements += count
    if (elements > maxElements) throw new OipError(`a request has at most ${maxElements} typed elements of 64 bits or BYTES; larger tensors travel in raw_input_contents`)
  }

  visitFields(bytes, (field, reader) => {
    countParts(1)
    if (field === inputsField) visitFields(reader.readBytes(), visitInput)
  })

  function visitInput (field: number, reader: PbfReader): void {
    countParts(1)
    if (field === contentsField) visitFields(reader.readBytes(), visitContents)
    else if (field === shapeField && reader.type === packed) countParts(reader.readBytes().byteLength)
  }

  function visitContents (field: number, reader: PbfReader): void {
    if (reader.type !== packed || field === bytesContents) countElements(1)
    else if (longContents.includes(field)) countElements(countVarints(reader.readBytes()))
  }
}

function visitFields (bytes: Uint8Array, visit: Visit): void {
  new PbfReader(bytes).readFields((field, _, reader) => visit(field, reader), undefined)
}

function countVarints (bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte < 0x80) count++
  return count
}
