import { PbfReader } from 'pbf'
import { dataTypes, readEntry, readTensorHead } from './tensor.js'
import { bytes, FormatError, integer, message, readAll, text } from './wire.js'
import type { ValueInfo } from '../contract.js'

/** Sub-graphs of sub-graphs; beyond it a file is refused, since a crafted one would exhaust the stack. */
const MAX_DEPTH = 32

/** An attribute by name; the AttributeProto itself is read only where its value matters. */
export interface Attribute { name: string, view: Uint8Array }

export interface Node {
  operator: string
  inputs: string[]
  outputs: string[]
  attributes: Attribute[]
}

/** What is gathered wherever in the file it stands: main graph, sub-graphs and functions. */
export interface Findings {
  operators: Set<string>
  locations: Set<string>
  /** What the nodes of sub-graphs read, which may be tensors of the graph around them. */
  captured: Set<string>
}

export interface GraphProto {
  nodes: Node[]
  inputs: ValueInfo[]
  outputs: ValueInfo[]
  /** TensorProto bytes by name; empty for sparse ones. */
  initializers: Map<string, Uint8Array>
}

export interface ModelProto extends Findings {
  irVersion: number
  producer: string
  producerVersion: string
  opsets: { domain: string, version: number }[]
  metadata: Map<string, string>
  graph?: GraphProto
}

/** Fills `model` from a reader over the whole file. Repeated occurrences of a message field are merged, as protobuf demands. */
export function readModel (pbf: PbfReader, model: ModelProto): void {
  readAll(pbf, (field) => {
    if (field === 1) model.irVersion = integer(pbf)
    else if (field === 2) model.producer = text(pbf)
    else if (field === 3) model.producerVersion = text(pbf)
    else if (field === 7) {
      model.graph ??= emptyGraph()
      readGraph(pbf, model.graph, model, 0)
    } else if (field === 8) model.opsets.push(readOpset(pbf))
    else if (field === 14) {
      const { key, value } = readEntry(pbf)
      model.metadata.set(key, value)
    } else if (field === 25) readFunction(pbf, model)
  })
}

/** Names of the outputs of the main graph, without reading anything else of the file. */
export function listOutputs (model: Uint8Array): Set<string> {
  const names = new Set<string>()
  readAll(new PbfReader(model), (field, pbf) => {
    if (field === 7) message(pbf, (part) => { if (part === 12) names.add(readValueInfo(pbf).name) })
  })
  return names
}

function emptyGraph (): GraphProto {
  return { nodes: [], inputs: [], outputs: [], initializers: new Map() }
}

function readOpset (pbf: PbfReader): { domain: string, version: number } {
  const opset = { domain: '', version: 0 }
  message(pbf, (field) => {
    if (field === 1) opset.domain = text(pbf)
    else if (field === 2) opset.version = integer(pbf)
  })
  return opset
}

function readGraph (pbf: PbfReader, graph: GraphProto, found: Findings, depth: number): void {
  if (depth > MAX_DEPTH) throw new FormatError(`sub-graphs are nested more than ${MAX_DEPTH} deep`)
  message(pbf, (field) => {
    if (field === 1) graph.nodes.push(readNode(pbf, found, depth))
    else if (field === 5) {
      const view = bytes(pbf)
      graph.initializers.set(readTensor(view, found), view)
    } else if (field === 11) graph.inputs.push(readValueInfo(pbf))
    else if (field === 12) graph.outputs.push(readValueInfo(pbf))
    else if (field === 15) graph.initializers.set(readSparseTensor(pbf, found), new Uint8Array())
  })
}

function readFunction (pbf: PbfReader, found: Findings): void {
  message(pbf, (field) => {
    if (field === 7) readNode(pbf, found, 0)
    else if (field === 11) readAttribute(bytes(pbf), found, 0)
  })
}

function readNode (pbf: PbfReader, found: Findings, depth: number): Node {
  const node: Node = { operator: '', inputs: [], outputs: [], attributes: [] }
  message(pbf, (field) => {
    if (field === 1) node.inputs.push(text(pbf))
    else if (field === 2) node.outputs.push(text(pbf))
    else if (field === 4) found.operators.add(node.operator = text(pbf))
    else if (field === 5) node.attributes.push(readAttribute(bytes(pbf), found, depth))
  })
  return node
}

function readAttribute (view: Uint8Array, found: Findings, depth: number): Attribute {
  let name = ''
  readAll(new PbfReader(view), (field, pbf) => {
    if (field === 1) name = text(pbf)
    else if (field === 5 || field === 10) readTensor(bytes(pbf), found)
    else if (field === 6 || field === 11) {
      const inner = emptyGraph()
      readGraph(pbf, inner, found, depth + 1)
      for (const node of inner.nodes) for (const input of node.inputs) found.captured.add(input)
    } else if (field === 22 || field === 23) readSparseTensor(pbf, found)
  })
  return { name, view }
}

function readTensor (view: Uint8Array, found: Findings): string {
  const { name, location } = readTensorHead(view)
  if (location !== undefined) found.locations.add(location)
  return name
}

function readSparseTensor (pbf: PbfReader, found: Findings): string {
  let name = ''
  message(pbf, (field) => {
    if (field === 1) name = readTensor(bytes(pbf), found)
    else if (field === 2) readTensor(bytes(pbf), found)
  })
  return name
}

function readValueInfo (pbf: PbfReader): ValueInfo {
  const info: ValueInfo = { name: '', kind: 'unknown' }
  message(pbf, (field) => {
    if (field === 1) info.name = text(pbf)
    else if (field === 2) readType(pbf, info)
  })
  return info
}

const kinds: Partial<Record<number, ValueInfo['kind']>> = { 1: 'tensor', 4: 'sequence', 5: 'map', 9: 'optional' }

function readType (pbf: PbfReader, info: ValueInfo): void {
  message(pbf, (field) => {
    if (field === 6) return
    info.kind = kinds[field] ?? 'unknown'
    if (field === 1) readTensorType(pbf, info)
  })
}

function readTensorType (pbf: PbfReader, info: ValueInfo): void {
  message(pbf, (field) => {
    if (field === 1) {
      info.elementType = integer(pbf)
      const type = dataTypes[info.elementType]
      if (type !== undefined) info.type = type
    } else if (field === 2) {
      const dims = info.dims ??= []
      message(pbf, (part) => { if (part === 1) dims.push(readDimension(pbf)) })
    }
  })
}

function readDimension (pbf: PbfReader): number {
  let size = -1
  message(pbf, (field) => {
    if (field === 1) size = Math.max(-1, integer(pbf))
    else if (field === 2) size = -1
  })
  return size
}
