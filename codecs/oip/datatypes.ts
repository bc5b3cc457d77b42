import type { DataType } from '../tensor.js'

export type OipDatatype =
  'BOOL' | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' |
  'FP16' | 'BF16' | 'FP32' | 'FP64' | 'BYTES'

export interface DatatypeRow {
  /** Absent when ONNX Runtime for Node has no such tensor. */
  type?: DataType
  /** Bytes of one element; 0 when they vary. */
  bytes: number
  /** What an element is in JSON; `none` travels as binary only. */
  json: 'boolean' | 'integer' | 'number' | 'string' | 'none'
  /** Name in a model configuration. */
  config: string
}

/** Every datatype of the protocol. */
export const oipDatatypes: Readonly<Record<OipDatatype, DatatypeRow>> = {
  BOOL: { type: 'bool', bytes: 1, json: 'boolean', config: 'TYPE_BOOL' },
  INT8: { type: 'int8', bytes: 1, json: 'integer', config: 'TYPE_INT8' },
  INT16: { type: 'int16', bytes: 2, json: 'integer', config: 'TYPE_INT16' },
  INT32: { type: 'int32', bytes: 4, json: 'integer', config: 'TYPE_INT32' },
  INT64: { type: 'int64', bytes: 8, json: 'integer', config: 'TYPE_INT64' },
  UINT8: { type: 'uint8', bytes: 1, json: 'integer', config: 'TYPE_UINT8' },
  UINT16: { type: 'uint16', bytes: 2, json: 'integer', config: 'TYPE_UINT16' },
  UINT32: { type: 'uint32', bytes: 4, json: 'integer', config: 'TYPE_UINT32' },
  UINT64: { type: 'uint64', bytes: 8, json: 'integer', config: 'TYPE_UINT64' },
  FP16: { type: 'float16', bytes: 2, json: 'none', config: 'TYPE_FP16' },
  BF16: { bytes: 2, json: 'none', config: 'TYPE_BF16' },
  FP32: { type: 'float32', bytes: 4, json: 'number', config: 'TYPE_FP32' },
  FP64: { type: 'float64', bytes: 8, json: 'number', config: 'TYPE_FP64' },
  BYTES: { type: 'string', bytes: 0, json: 'string', config: 'TYPE_STRING' }
}

const names: Readonly<Record<DataType, OipDatatype>> = {
  bool: 'BOOL',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES'
}

export function isOipDatatype (name: string): name is OipDatatype {
  return Object.hasOwn(oipDatatypes, name)
}

/** The protocol's name of a data type, such as `FP32`. */
export function oipDatatype (type: DataType): OipDatatype {
  return names[type]
}

/** The model configuration's name of a data type, such as `TYPE_FP32`. */
export function configDatatype (type: DataType): string {
  return oipDatatypes[names[type]].config
}

/** Bytes of one element on the wire; 0 for strings, whose elements vary. */
export function elementBytes (type: DataType): number {
  return oipDatatypes[names[type]].bytes
}
