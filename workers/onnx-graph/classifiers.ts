import { readFloats, readIntegers, readString, readStrings, readTensorAttribute } from './attribute.js'
import { readConstant } from './constant.js'
import type { ClassifierNode, ColumnSplit, ZipMapNode } from '../contract.js'
import type { Flow } from './flow.js'
import type { GraphProto, Node } from './proto.js'

const operators = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier'])
/** Operators that turn scores into others of the same order: what they read ranks the classes as what they make does. */
const rescalers = ['Softmax', 'LogSoftmax', 'Sigmoid', 'Exp', 'Log', 'Normalizer']

/** The ZipMaps whose result is an output of the graph. */
export function findZipMaps (graph: GraphProto, flow: Flow): ZipMapNode[] {
  return graph.outputs.flatMap(({ name }) => {
    const node = flow.origin(name)
    const input = node?.inputs[0]
    return node?.operator === 'ZipMap' && input ? [{ output: name, input, classes: readClasses(node) }] : []
  })
}

/**
 * The classifier nodes, and the look-ups of a label in a constant list of classes that end in an output. Their tensors have the name they bear as
 * an output of the graph (or behind its ZipMap, or before it was split into outputs), else that of the node's own output.
 */
export function findClassifiers (graph: GraphProto, flow: Flow, zipMaps: ZipMapNode[], splits: ColumnSplit[]): ClassifierNode[] {
  const hidden = new Set([...zipMaps.map(({ output }) => output), ...splits.flatMap(({ outputs }) => outputs)])
  const whole = [...zipMaps, ...splits].map(({ input }) => input)
  const visible = [...graph.outputs.map(({ name }) => name).filter((name) => !hidden.has(name)), ...whole]
  const shown = nameVisible(visible, flow)
  const nodes = graph.nodes.filter(({ operator }) => operators.has(operator)).flatMap((node) => describeNode(node, shown, graph))
  return [...nodes, ...visible.flatMap((label) => describeLookup(label, visible, shown, graph, flow))]
}

/** The visible name of every tensor that a visible one is a copy of; a Normalizer keeps what the columns mean. */
function nameVisible (visible: string[], flow: Flow): Map<string, string> {
  const shown = new Map(visible.map((name) => [name, name]))
  for (const name of visible) {
    for (const copy of flow.copies(name, 'Normalizer')) if (!shown.has(copy)) shown.set(copy, name)
  }
  return shown
}

function readClasses (node: Node): (string | number)[] {
  const names = readStrings(node, 'classlabels_strings')
  if (names.length > 0) return names
  const numbers = readIntegers(node, 'classlabels_int64s')
  return numbers.length > 0 ? numbers : readIntegers(node, 'classlabels_ints')
}

function describeNode (node: Node, shown: Map<string, string>, graph: GraphProto): ClassifierNode[] {
  const [label, scores] = node.outputs
  if (!label || !scores) return []
  const weights = node.operator === 'TreeEnsembleClassifier' ? readWeights(node) : undefined
  return [{
    operator: node.operator,
    classes: readClasses(node),
    label: shown.get(label) ?? label,
    scores: shown.get(scores) ?? findNormalized(scores, graph),
    postTransform: readPostTransform(node),
    ...(weights && { nonNegativeWeights: weights.every((weight) => weight >= 0) })
  }]
}

/** Scores that do not reach an output, because it holds a single class, are of most use after their normalization. */
function findNormalized (scores: string, graph: GraphProto): string {
  return graph.nodes.find(({ operator, inputs }) => operator === 'Normalizer' && inputs[0] === scores)?.outputs[0] ?? scores
}

/** An SVM that was fitted for probabilities gives them whatever its post_transform says: PLATT. */
function readPostTransform (node: Node): string {
  if (node.operator === 'SVMClassifier' && readFloats(node, 'prob_a').length > 0) return 'PLATT'
  return readString(node, 'post_transform', 'NONE')
}

function readWeights (node: Node): number[] | undefined {
  const weights = readTensorAttribute(node, 'class_weights_as_tensor') ?? readFloats(node, 'class_weights')
  const numbers = weights.filter((weight) => typeof weight === 'number')
  return numbers.length > 0 ? numbers : undefined
}

function describeLookup (label: string, visible: string[], shown: Map<string, string>, graph: GraphProto, flow: Flow): ClassifierNode[] {
  const lookup = flow.origin(label)
  const [table, index] = lookup?.inputs ?? []
  if (lookup?.operator !== 'ArrayFeatureExtractor' || !table || !index) return []
  const classes = readConstant(table, graph, flow)
  if (!classes || classes.length < 2) return []
  const choice = flow.origin(index)
  const [source] = choice?.inputs ?? []
  const ranked = choice?.operator === 'ArgMax' ? source : undefined
  const related = visible.filter((name) => name !== label && source !== undefined && isMadeFrom(source, name, flow))
  const scores = (ranked && shown.get(ranked)) ?? (related.length === 1 ? related[0] : ranked) ?? index
  return [{ operator: flow.origin(scores)?.operator ?? lookup.operator, classes, label, scores, postTransform: 'NONE' }]
}

/** Whether a tensor is computed from that by which the label is chosen: an output beside the label may as well belong to another head of the graph. */
function isMadeFrom (source: string, tensor: string, flow: Flow): boolean {
  const beginning = flow.producer(flow.copies(source, ...rescalers).at(-1) ?? source)
  return beginning !== undefined && flow.ancestors(tensor).has(beginning)
}
