import { readTensorView } from './attribute.js'
import { countElements, readTensorValues } from './tensor.js'
import type { Flow } from './flow.js'
import type { GraphProto } from './proto.js'

/** Values of a small tensor that is an initializer or made by a Constant node; undefined when it is neither, or of a type that is not read. */
export function readConstant (name: string, graph: GraphProto, flow: Flow): (string | number)[] | undefined {
  const view = findConstant(name, graph, flow)
  return view && readTensorValues(view)
}

/** Elements of such a tensor, of any size, which are not read for it; undefined when it is neither, or sparse. */
export function countConstant (name: string, graph: GraphProto, flow: Flow): number | undefined {
  const view = findConstant(name, graph, flow)
  return view === undefined || view.length === 0 ? undefined : countElements(view)
}

function findConstant (name: string, graph: GraphProto, flow: Flow): Uint8Array | undefined {
  const source = flow.copies(name).at(-1) ?? name
  const node = flow.producer(source)
  return node?.operator === 'Constant' ? readTensorView(node, 'value') : graph.initializers.get(source)
}
