import { readIntegers, readNumber, readStrings } from './attribute.js'
import { readConstant } from './constant.js'
import { isPlain, type Flow } from './flow.js'
import type { EncodedColumn, ValueInfo } from '../contract.js'
import type { GraphProto, Node } from './proto.js'

/** Steps back to an input; a crafted file could make one chain of all its nodes. */
const MAX_STEPS = 64
const integers = /^u?int/
const defaults = ['default_string', 'default_int64', 'default_float', 'default_tensor']

/**
 * The columns of inputs that reach an encoder unchanged which does not take every value: a OneHotEncoder that raises, and a LabelEncoder of skl2onnx
 * without a default, which stands for an OrdinalEncoder that raises. What an encoder reads behind other operators, or as a number that was a float, is left out.
 */
export function findEncoders (producer: string, graph: GraphProto, inputs: ValueInfo[], flow: Flow): EncodedColumn[] {
  const found = new Map<string, EncodedColumn>()
  for (const node of graph.nodes) {
    const categories = readCategories(node, producer)
    const [tensor] = node.inputs
    if (categories === undefined || tensor === undefined) continue
    const place = new ColumnSearch(graph, inputs, flow).find(tensor)
    if (place === undefined || !suits(categories, place.input)) continue
    const { input: { name }, column } = place
    const key = `${column} ${name}`
    const known = found.get(key)?.categories
    found.set(key, { input: name, column, categories: known === undefined ? categories : intersect(known, categories) })
  }
  return [...found.values()].filter(({ categories }) => categories.length > 0)
}

function readCategories (node: Node, producer: string): string[] | number[] | undefined {
  // A OneHotEncoder that does not say so takes unknown categories, and makes zeros of them.
  if (node.operator === 'OneHotEncoder') return readNumber(node, 'zeros', 1) === 0 ? readKeys(node, 'cats') : undefined
  if (node.operator !== 'LabelEncoder' || producer !== 'skl2onnx' || node.attributes.some(({ name }) => defaults.includes(name))) return undefined
  return readKeys(node, 'keys')
}

function readKeys (node: Node, prefix: 'cats' | 'keys'): string[] | number[] {
  const strings = readStrings(node, `${prefix}_strings`)
  return strings.length > 0 ? strings : readIntegers(node, `${prefix}_int64s`)
}

function suits (categories: string[] | number[], { type }: ValueInfo): boolean {
  return typeof categories[0] === 'string' ? type === 'string' : type !== undefined && integers.test(type)
}

function intersect (a: string[] | number[], b: string[] | number[]): string[] | number[] {
  const others = new Set<string | number>(b)
  return typeof a[0] === 'string' ? a.map(String).filter((one) => others.has(one)) : a.map(Number).filter((one) => others.has(one))
}

interface Place { input: ValueInfo, column: number }

/** Follows one tensor of one column back to the input that it was taken from. */
class ColumnSearch {
  readonly #graph: GraphProto
  readonly #inputs: ReadonlyMap<string, ValueInfo>
  readonly #flow: Flow
  #steps = 0

  constructor (graph: GraphProto, inputs: ValueInfo[], flow: Flow) {
    this.#graph = graph
    this.#inputs = new Map(inputs.map((input) => [input.name, input]))
    this.#flow = flow
  }

  /** Without a column the tensor must have only one. */
  find (tensor: string, column?: number): Place | undefined {
    if (this.#steps++ === MAX_STEPS) return undefined
    const node = this.#flow.producer(tensor)
    const [source] = node?.inputs ?? []
    if (node === undefined) return this.#place(tensor, column)
    if (source === undefined) return undefined
    if (isPlain(node) && (column === undefined || /^(Identity|Cast)$/.test(node.operator))) return this.find(source, column)
    if (column !== undefined) return node.operator === 'Concat' ? this.#part(node, column) : undefined
    const index = this.#readIndex(node)
    return index === undefined ? undefined : this.find(source, index)
  }

  #place (tensor: string, column: number | undefined): Place | undefined {
    const input = this.#inputs.get(tensor)
    const width = widthOf(input)
    if (input === undefined || width === undefined || (column ?? 0) >= width || (column === undefined && width !== 1)) return undefined
    return { input, column: column ?? 0 }
  }

  #readIndex (node: Node): number | undefined {
    const takes = node.operator === 'ArrayFeatureExtractor' || (node.operator === 'Gather' && readNumber(node, 'axis', 0) === 1)
    const [, name] = node.inputs
    const [index, ...others] = takes && name !== undefined ? readConstant(name, this.#graph, this.#flow) ?? [] : []
    return typeof index === 'number' && index >= 0 && others.length === 0 ? index : undefined
  }

  /** Columns that were inputs of their own may have been put together before they were encoded. */
  #part (node: Node, column: number): Place | undefined {
    const axis = readNumber(node, 'axis', 0)
    if (axis !== 1 && axis !== -1) return undefined
    let left = column
    for (const name of node.inputs) {
      const width = widthOf(this.#inputs.get(this.#flow.copies(name).at(-1) ?? name))
      if (width === undefined) return undefined
      if (left < width) return this.find(name, width === 1 ? undefined : left)
      left -= width
    }
    return undefined
  }
}

function widthOf (input: ValueInfo | undefined): number | undefined {
  const { dims } = input ?? {}
  if (dims?.length === 1) return 1
  return dims?.length === 2 && dims[1] !== undefined && dims[1] > 0 ? dims[1] : undefined
}
