import { readTensorView } from './attribute.js'
import { readTensorValues } from './tensor.js'
import type { Flow } from './flow.js'
import type { GraphProto } from './proto.js'

/** Values of a small tensor that is an initializer or made by a Constant node; undefined when it is neither, or of a type that is not read. */
export function readConstant (name: string, graph: GraphProto, flow: Flow): (string | number)[] | undefined {
  const source = flow.copies(name).at(-1) ?? name
  const node = flow.producer(source)
  const view = node?.operator === 'Constant' ? readTensorView(node, 'value') : graph.initializers.get(source)
  return view && readTensorValues(view)
}
