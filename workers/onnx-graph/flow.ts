import type { GraphProto, Node } from './proto.js'

/** Operators that change neither the values nor their order. */
const plain = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'])

/** A crafted file could make one chain of copies out of all its nodes. */
const MAX_COPIES = 64

/** Which node produces which tensor, and how tensors are connected. */
export class Flow {
  #producers = new Map<string, Node>()

  constructor (graph: GraphProto) {
    for (const node of graph.nodes) {
      for (const output of node.outputs) if (output) this.#producers.set(output, node)
    }
  }

  producer (tensor: string): Node | undefined {
    return this.#producers.get(tensor)
  }

  /** The tensor itself and those it is a plain copy of, nearest first; also through `more` operators. */
  copies (tensor: string, ...more: string[]): string[] {
    const names = new Set<string>()
    for (let name: string | undefined = tensor; name !== undefined && !names.has(name) && names.size < MAX_COPIES;) {
      names.add(name)
      const node = this.#producers.get(name)
      name = node && (plain.has(node.operator) || more.includes(node.operator)) ? node.inputs[0] : undefined
    }
    return [...names]
  }

  /** The node that makes the values of a tensor, looking through plain copies. */
  origin (tensor: string): Node | undefined {
    return this.producer(this.copies(tensor).at(-1) ?? tensor)
  }

  /** Every node that a tensor depends on. */
  ancestors (tensor: string): Set<Node> {
    const found = new Set<Node>()
    const open = [tensor]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = this.#producers.get(name)
      if (!node || found.has(node)) continue
      found.add(node)
      for (const input of node.inputs) open.push(input)
    }
    return found
  }
}

export function isPlain (node: Node): boolean {
  return plain.has(node.operator) || node.operator === 'Constant'
}
