import { PbfReader } from 'pbf'
import { readTensorValues } from './tensor.js'
import { bytes, floats, integer, integers, readAll, text } from './wire.js'
import type { Node } from './proto.js'

function read<T> (node: Node, name: string, wanted: number, readValue: (pbf: PbfReader, into: T[]) => void): T[] {
  const values: T[] = []
  const attribute = node.attributes.find((candidate) => candidate.name === name)
  if (attribute) readAll(new PbfReader(attribute.view), (field, pbf) => { if (field === wanted) readValue(pbf, values) })
  return values
}

/** A string attribute, or the fallback when the node has none of that name. */
export function readString (node: Node, name: string, fallback: string): string {
  return read<string>(node, name, 4, (pbf, into) => into.push(text(pbf))).at(-1) ?? fallback
}

/** An integer attribute, or the fallback when the node has none of that name. */
export function readNumber (node: Node, name: string, fallback: number): number {
  return read<number>(node, name, 3, (pbf, into) => into.push(integer(pbf))).at(-1) ?? fallback
}

/** A float attribute, or the fallback when the node has none of that name. */
export function readFloat (node: Node, name: string, fallback: number): number {
  return read<number>(node, name, 2, floats).at(-1) ?? fallback
}

export function readStrings (node: Node, name: string): string[] {
  return read(node, name, 9, (pbf, into) => into.push(text(pbf)))
}

export function readIntegers (node: Node, name: string): number[] {
  return read(node, name, 8, integers)
}

export function readFloats (node: Node, name: string): number[] {
  return read(node, name, 7, floats)
}

/** Bytes of a TensorProto attribute. */
export function readTensorView (node: Node, name: string): Uint8Array | undefined {
  return read<Uint8Array>(node, name, 5, (pbf, into) => into.push(bytes(pbf))).at(-1)
}

export function readTensorAttribute (node: Node, name: string): number[] | string[] | undefined {
  const view = readTensorView(node, name)
  return view && readTensorValues(view)
}
