import { readIntegers } from './attribute.js'
import { readConstant } from './constant.js'
import type { ColumnSplit } from '../contract.js'
import type { Flow } from './flow.js'
import type { GraphProto, Node } from './proto.js'

/** The tensors all of whose columns, two or more, are outputs of the graph, each by itself. */
export function findSplits (graph: GraphProto, flow: Flow): ColumnSplit[] {
  const columns = new Map<string, { index: number, output: string }[]>()
  for (const { name: output } of graph.outputs) {
    const node = flow.origin(output)
    const [input] = node?.inputs ?? []
    const index = node?.operator === 'Slice' ? readColumn(node, graph, flow) : undefined
    if (input === undefined || index === undefined) continue
    columns.set(input, [...columns.get(input) ?? [], { index, output }])
  }
  return [...columns].flatMap(([input, parts]) => {
    parts.sort((a, b) => a.index - b.index)
    const isWhole = parts.length > 1 && parts.every(({ index }, position) => index === position)
    return isWhole ? [{ input, outputs: parts.map(({ output }) => output) }] : []
  })
}

/** The one column that a Slice takes; operator sets before 10 have its bounds in attributes. */
function readColumn (node: Node, graph: GraphProto, flow: Flow): number | undefined {
  const read = (position: number, attribute: string) => {
    const input = node.inputs[position]
    return input === undefined ? readIntegers(node, attribute) : readConstant(input, graph, flow)
  }
  const [starts = [], ends = [], axes = []] = [read(1, 'starts'), read(2, 'ends'), read(3, 'axes')]
  const [start] = starts
  const isColumn = starts.length === 1 && axes.length === 1 && (axes[0] === 1 || axes[0] === -1)
  return isColumn && typeof start === 'number' && start >= 0 && ends[0] === start + 1 ? start : undefined
}
