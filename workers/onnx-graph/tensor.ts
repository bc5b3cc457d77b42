import { PbfReader } from 'pbf'
import { elementCount } from '../../codecs/tensor.js'
import type { DataType } from '../../codecs/tensor.js'
import { bytes, doubles, floats, integer, integers, message, readAll, text } from './wire.js'

/** TensorProto.DataType numbers that can be served. */
export const dataTypes: Partial<Record<number, DataType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64'
}

const EXTERNAL = 1

/** Name of a TensorProto, and where its data lies when that is not in the file. */
export function readTensorHead (view: Uint8Array): { name: string, location?: string } {
  let name = ''
  let location = ''
  let dataLocation = 0
  readAll(new PbfReader(view), (field, pbf) => {
    if (field === 8) name = text(pbf)
    else if (field === 13) {
      const entry = readEntry(pbf)
      if (entry.key === 'location') location = entry.value
    } else if (field === 14) dataLocation = integer(pbf)
  })
  return dataLocation === EXTERNAL ? { name, location } : { name }
}

/** Elements of a TensorProto, by its dimensions. */
export function countElements (view: Uint8Array): number {
  const dims: number[] = []
  readAll(new PbfReader(view), (field, pbf) => { if (field === 1) integers(pbf, dims) })
  return elementCount(dims)
}

/** A StringStringEntryProto. */
export function readEntry (pbf: PbfReader): { key: string, value: string } {
  const entry = { key: '', value: '' }
  message(pbf, (field) => {
    if (field === 1) entry.key = text(pbf)
    else if (field === 2) entry.value = text(pbf)
  })
  return entry
}

/** Elements of a small int32, int64, float, double or string TensorProto; undefined for other types and for external data. */
export function readTensorValues (view: Uint8Array): number[] | string[] | undefined {
  const numbers: number[] = []
  const strings: string[] = []
  let type = 0
  let external = false
  let raw: Uint8Array | undefined
  readAll(new PbfReader(view), (field, pbf) => {
    if (field === 2) type = integer(pbf)
    else if (field === 4) floats(pbf, numbers)
    else if (field === 5 || field === 7) integers(pbf, numbers)
    else if (field === 6) strings.push(text(pbf))
    else if (field === 9) raw = bytes(pbf)
    else if (field === 10) doubles(pbf, numbers)
    else if (field === 14) external = integer(pbf) === EXTERNAL
  })
  const name = dataTypes[type]
  if (external || name === undefined) return undefined
  if (name === 'string') return strings
  return raw === undefined || raw.length === 0 ? numbers : readRaw(raw, name)
}

function readRaw (raw: Uint8Array, type: DataType): number[] | undefined {
  const data = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const readers: Partial<Record<DataType, { size: number, at: (offset: number) => number }>> = {
    float32: { size: 4, at: (offset) => data.getFloat32(offset, true) },
    float64: { size: 8, at: (offset) => data.getFloat64(offset, true) },
    int32: { size: 4, at: (offset) => data.getInt32(offset, true) },
    int64: { size: 8, at: (offset) => Number(data.getBigInt64(offset, true)) }
  }
  const read = readers[type]
  return read && Array.from({ length: Math.floor(raw.length / read.size) }, (_, i) => read.at(i * read.size))
}
