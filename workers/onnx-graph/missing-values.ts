import { readFloat, readIntegers, readNumber } from './attribute.js'
import { readConstant } from './constant.js'
import type { Flow } from './flow.js'
import type { InputColumn, ValueInfo } from '../contract.js'
import type { GraphProto, Node } from './proto.js'

/** Columns that are followed in all; a crafted file could double them with each of its nodes. */
const MAX_COLUMNS = 100_000
const same = /^(Identity|Cast|Scaler)$/
const reshaping = /^(Reshape|Flatten|Squeeze|Unsqueeze)$/
const withConstant = /^(Add|Sub|Mul|Div)$/

/** Where each column of a tensor comes from: an input, unchanged but for its scale, or undefined for what is made on the way. */
type Origins = (InputColumn | undefined)[]

/**
 * The columns of float inputs whose missing values (NaN) the graph has an answer to: an Imputer of NaN, an IsNaN, or trees that have learned where
 * they go reads them. What else comes of NaN is an accident: nearest neighbours and trees without such branches answer some finite number. What
 * is read behind other operators is left out. Column -1 stands for all of an input of unknown width.
 */
export function findMissingAnswers (graph: GraphProto, inputs: ValueInfo[], flow: Flow): InputColumn[] {
  const origins = new Map(inputs.map((input) => [input.name, originsOf(input)]))
  const found = new Map<string, InputColumn>()
  let followed = 0
  for (const node of graph.nodes) {
    const parts = node.inputs.map((name) => origins.get(name))
    const [read] = parts
    if (read === undefined) continue
    if (answersMissing(node)) for (const origin of read) if (origin !== undefined) found.set(`${origin.column} ${origin.input}`, origin)
    const [output] = node.outputs
    const followedTo = output === undefined ? undefined : follow(node, read, parts, graph, flow)
    followed += followedTo?.length ?? 0
    if (followed > MAX_COLUMNS) break
    if (output !== undefined && followedTo !== undefined) origins.set(output, followedTo)
  }
  return [...found.values()]
}

function originsOf ({ name, type, dims = [] }: ValueInfo): Origins {
  const [, width = 1, ...others] = dims
  if (others.length > 0 || dims.length === 0 || width > MAX_COLUMNS) return []
  const isFloat = type?.startsWith('float') === true
  if (width < 0) return isFloat ? [{ input: name, column: -1 }] : []
  return Array.from({ length: width }, (_, column) => isFloat ? { input: name, column } : undefined)
}

function answersMissing (node: Node): boolean {
  if (node.operator === 'Imputer') return Number.isNaN(readFloat(node, 'replaced_value_float', 0))
  return node.operator === 'IsNaN' || (node.operator.startsWith('TreeEnsemble') && readIntegers(node, 'nodes_missing_value_tracks_true').some((tracks) => tracks !== 0))
}

/** The columns of what a node makes of columns; undefined when they cannot be told. */
function follow (node: Node, read: Origins, parts: (Origins | undefined)[], graph: GraphProto, flow: Flow): Origins | undefined {
  const { operator, inputs: [, second] } = node
  if (same.test(operator)) return read
  if (operator === 'Imputer') return read.map(() => undefined)
  if (reshaping.test(operator)) return read.length === 1 && read[0]?.column !== -1 ? read : undefined
  if (second !== undefined && withConstant.test(operator)) return graph.initializers.has(second) ? read : undefined
  if (operator === 'FeatureVectorizer' || (operator === 'Concat' && /^-?1$/.test(String(readNumber(node, 'axis', 0))))) return join(parts)
  const picks = operator === 'ArrayFeatureExtractor' || (operator === 'Gather' && readNumber(node, 'axis', 0) === 1)
  return picks && second !== undefined ? pick(read, readConstant(second, graph, flow)) : undefined
}

function join (parts: (Origins | undefined)[]): Origins | undefined {
  const joined: Origins = []
  for (const part of parts) {
    if (part === undefined || part.length === 0 || part[0]?.column === -1) return undefined
    joined.push(...part)
  }
  return joined
}

function pick (read: Origins, indices: (string | number)[] | undefined): Origins | undefined {
  const [first] = read
  return indices?.map((index) => first?.column === -1 ? { input: first.input, column: Number(index) } : read[Number(index)])
}
