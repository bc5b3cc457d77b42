import { readFloat, readIntegers, readNumber } from './attribute.js'
import { countConstant, readConstant } from './constant.js'
import type { Flow } from './flow.js'
import type { InputColumn, ValueInfo } from '../contract.js'
import type { GraphProto, Node } from './proto.js'

/** Columns that are followed in all, those of the inputs among them; a crafted file could double them with each of its nodes. */
const MAX_COLUMNS = 100_000
const same = /^(Identity|Scaler|Imputer)$/
const reshaping = /^(Reshape|Flatten|Squeeze|Unsqueeze)$/
const withConstant = /^(Add|Sub|Mul|Div)$/
/** TensorProto.DataType numbers of floats: NaN becomes a number in any other. */
const floats = new Set([1, 10, 11, 16])

/** Where each column of a tensor comes from: an input, unchanged but for its scale, or undefined for what is made on the way. */
type Origins = (InputColumn | undefined)[]

/**
 * The columns of float inputs whose missing values (NaN) the graph has an answer to: all that read them are an Imputer of NaN, an IsNaN, or trees that
 * have learned where they go. What else comes of NaN is an accident: nearest neighbours and trees without such branches answer some finite number, so
 * that one such reader is enough to leave a column out, and so is a sub-graph that captures it. What is read behind other operators is left out, and
 * everything when there is more to follow than MAX_COLUMNS. Column -1 stands for all of an input of unknown width.
 */
export function findMissingAnswers (graph: GraphProto, inputs: ValueInfo[], flow: Flow, captured: Set<string>): InputColumn[] {
  const origins = new Map<string, Origins>()
  const answered = new Set<string>()
  const raw = new Set(captured)
  let followed = 0
  const remember = (name: string, columns: Origins): boolean => {
    origins.set(name, columns)
    followed += columns.length
    return followed <= MAX_COLUMNS
  }
  for (const input of inputs) if (!remember(input.name, originsOf(input))) return []
  for (const node of graph.nodes) {
    const { inputs: [source = ''], outputs: [output = ''] } = node
    const columns = follow(node, origins, graph, flow)
    if (answersMissing(node)) answered.add(source)
    else if (columns === undefined) for (const name of listRawReads(node, flow)) raw.add(name)
    if (columns !== undefined && !remember(output, columns)) return []
  }
  const originsIn = (names: Set<string>) => new Map([...names].flatMap((name) => origins.get(name) ?? []).filter((origin) => origin !== undefined).map((origin) => [`${origin.column} ${origin.input}`, origin]))
  const refused = originsIn(raw)
  return [...originsIn(answered)].filter(([key]) => !refused.has(key)).map(([, origin]) => origin)
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

/** The tensors whose values a node reads as they are: all but one whose missing values a Where replaces, by an IsNaN of the same tensor. */
function listRawReads ({ operator, inputs }: Node, flow: Flow): string[] {
  if (operator === 'Shape') return []
  if (operator !== 'Where') return inputs
  const condition = flow.producer(inputs[0] ?? '')
  const negated = condition?.operator === 'Not'
  const test = negated ? flow.producer(condition.inputs[0] ?? '') : condition
  const kept = negated ? 1 : 2
  return test?.operator === 'IsNaN' && test.inputs[0] === inputs[kept] ? inputs.toSpliced(kept, 1) : inputs
}

/** The columns of what a node makes of columns; undefined when they cannot be told. */
function follow (node: Node, origins: Map<string, Origins>, graph: GraphProto, flow: Flow): Origins | undefined {
  const { operator, inputs: [first = '', second = ''] } = node
  const read = origins.get(first)
  if (read === undefined) return undefined
  if (operator === 'Imputer' && answersMissing(node)) return read.map(() => undefined)
  if (same.test(operator) || (operator === 'Cast' && floats.has(readNumber(node, 'to', 0)))) return read
  if (reshaping.test(operator)) return read.length === 1 && read[0]?.column !== -1 ? read : undefined
  // A wider constant makes columns out of one, and each would have another number.
  if (withConstant.test(operator)) return [1, read.length].includes(countConstant(second, graph, flow) ?? -1) ? read : undefined
  if (operator === 'FeatureVectorizer' || (operator === 'Concat' && /^-?1$/.test(String(readNumber(node, 'axis', 0))))) return join(node.inputs.map((name) => origins.get(name)))
  const picks = operator === 'ArrayFeatureExtractor' || (operator === 'Gather' && readNumber(node, 'axis', 0) === 1)
  return picks && read[0]?.column !== -1 ? readConstant(second, graph, flow)?.map((index) => read.at(Number(index))) : undefined
}

function join (parts: (Origins | undefined)[]): Origins | undefined {
  const joined: Origins = []
  for (const part of parts) {
    if (part === undefined || part.length === 0 || part[0]?.column === -1) return undefined
    for (const origin of part) joined.push(origin)
    if (joined.length > MAX_COLUMNS) break
  }
  return joined
}
