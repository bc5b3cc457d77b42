import { PbfReader } from 'pbf'

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** The bytes are no ONNX, in words for the person who dropped the file. */
export class FormatError extends Error {}

export type ReadField = (field: number, pbf: PbfReader) => void

function expect (pbf: PbfReader, ...types: number[]): void {
  if (!types.includes(pbf.type)) throw new FormatError('a field has another type than in ONNX')
}

function guard (pbf: PbfReader): void {
  if (pbf.pos > pbf.length) throw new FormatError('a field reaches beyond the end')
}

/** Calls `readField` for every field of the bytes; throws when they are not one whole message. */
export function readAll (pbf: PbfReader, readField: ReadField, end = pbf.length): void {
  pbf.readFields((field, _, reader) => readField(field, reader), undefined, end)
  if (pbf.pos !== end) throw new FormatError('a message does not end where it should')
}

export function message (pbf: PbfReader, readField: ReadField): void {
  expect(pbf, BYTES)
  const end = pbf.readVarint() + pbf.pos
  if (end > pbf.length) {
    pbf.pos = end
    guard(pbf)
  }
  readAll(pbf, readField, end)
}

/** A view, not a copy. */
export function bytes (pbf: PbfReader): Uint8Array {
  expect(pbf, BYTES)
  const view = pbf.readBytes()
  guard(pbf)
  return view
}

export function text (pbf: PbfReader): string {
  expect(pbf, BYTES)
  const value = pbf.readString()
  guard(pbf)
  return value
}

export function integer (pbf: PbfReader): number {
  expect(pbf, VARINT)
  return pbf.readVarint(true)
}

/** Appends a repeated int64 or int32 field, packed or not. */
export function integers (pbf: PbfReader, into: number[]): void {
  expect(pbf, VARINT, BYTES)
  pbf.readPackedVarint(into, true)
  guard(pbf)
}

/** Appends a repeated float field, packed or not. */
export function floats (pbf: PbfReader, into: number[]): void {
  expect(pbf, FIXED32, BYTES)
  pbf.readPackedFloat(into)
  guard(pbf)
}

export function doubles (pbf: PbfReader, into: number[]): void {
  expect(pbf, FIXED64, BYTES)
  pbf.readPackedDouble(into)
  guard(pbf)
}
