import type { ClassLabel, OutputRoles } from '../../../codecs/specification.js'
import type { TensorSpec } from '../../../codecs/tensor.js'
import type { Metadata } from '../../../schemas/metadata.js'
import type { ClassifierNode, Description, Graph } from '../../../workers/contract.js'

/** What the graph alone tells of its outputs. */
export interface Head {
  roles: OutputRoles
  classes?: ClassLabel[]
  classifier?: ClassifierNode
}

const regressors = new Set(['TreeEnsembleRegressor', 'LinearRegressor', 'SVMRegressor', 'TreeEnsemble'])
/** Operators whose result is a distribution over the classes. */
const distributions = new Set(['Softmax', 'Normalizer', 'Sigmoid'])
/** Operators whose result may be any number: a decision function, whatever its name says. */
const unbounded = new Set(['Add', 'Sub', 'Sum', 'Mul', 'MatMul', 'Gemm', 'Neg'])

/** Columns of an output as declared, 1 for `[N]`; undefined when the file does not say, or the output is no matrix. */
export function widthOf (output: TensorSpec): number | undefined {
  if (output.dims.length === 1) return 1
  const width = output.dims.length === 2 ? output.dims[1] : undefined
  return width !== undefined && width > 0 ? width : undefined
}

export function isFloat ({ type }: TensorSpec): boolean {
  return type.startsWith('float')
}

/** Finds the parts that the outputs play from classifier nodes, ZipMaps and producing operators; empty when nothing tells. */
export function findHead ({ graph, outputs }: Description, metadata: Metadata): Head {
  const names = new Map(outputs.map(({ name }, index) => [name, index]))
  const classifier = pickClassifier(graph, names)
  const zipMap = graph.zipMaps.find(({ input }) => names.has(input))
  const label = (classifier && names.get(classifier.label)) ?? findLabel(graph, outputs, metadata)
  const scores = (classifier && names.get(classifier.scores)) ?? (zipMap && names.get(zipMap.input)) ?? (isLookup(classifier) ? undefined : findOnlyFloat(outputs))
  if (label === undefined && !classifier && !zipMap) return findSingle(graph, outputs, metadata)
  const classes = [classifier?.classes, zipMap?.classes].find((list) => list && list.length > 0)
  const tensor = scores === undefined ? undefined : outputs[scores]
  return {
    roles: {
      ...(label !== undefined && { label }),
      ...(scores !== undefined && tensor && { [isDistribution(tensor.name, classifier, graph, zipMap !== undefined) ? 'probabilities' : 'scores']: scores })
    },
    ...(classes && { classes }),
    ...(classifier && { classifier })
  }
}

/** The classifier whose results are the outputs, rather than one inside an ensemble. */
function pickClassifier ({ classifiers }: Graph, names: Map<string, number>): ClassifierNode | undefined {
  const rank = ({ label, scores }: ClassifierNode) => (names.has(label) ? 2 : 0) + (names.has(scores) ? 1 : 0)
  return classifiers.filter((node) => rank(node) > 0).sort((a, b) => rank(b) - rank(a))[0]
}

/** A label that is looked up by its rank tells what ranks it: a float output that was not found to come from there belongs to something else. */
function isLookup (classifier: ClassifierNode | undefined): boolean {
  return classifier !== undefined && !classifier.operator.endsWith('Classifier')
}

/** An output of integers or strings, one per row, is a label only in the company that labels keep: it may as well be a count. */
function findLabel (graph: Graph, outputs: TensorSpec[], metadata: Metadata): number | undefined {
  const candidates = outputs.flatMap((output, index) => !isFloat(output) && (output.dims.length === 0 || widthOf(output) === 1) ? [index] : [])
  const [label] = candidates
  if (label === undefined || candidates.length > 1) return undefined
  const expected = metadata.task ? metadata.task.endsWith('CLASSIFICATION') : metadata.class_names !== undefined
  const ranked = outputs.length === 1 && /^Arg(Max|Min)$/.test(graph.producers[outputs[label]?.name ?? ''] ?? '')
  return expected || ranked || (outputs.length === 2 && findOnlyFloat(outputs) !== undefined) ? label : undefined
}

function findOnlyFloat (outputs: TensorSpec[]): number | undefined {
  const floats = outputs.flatMap((output, index) => isFloat(output) && output.dims.length <= 2 ? [index] : [])
  return floats.length === 1 ? floats[0] : undefined
}

function isDistribution (name: string, classifier: ClassifierNode | undefined, graph: Graph, zipMap: boolean): boolean {
  const producer = graph.producers[name] ?? (classifier?.scores === name ? classifier.operator : '')
  if (distributions.has(producer)) return true
  if (unbounded.has(producer)) return false
  const node = graph.classifiers.find(({ operator, scores }) => scores === name && operator === producer && operator.endsWith('Classifier'))
  if (!node) return zipMap || classifier?.scores === name || /proba/i.test(name)
  if (node.postTransform !== 'NONE') return true
  return node.operator === 'TreeEnsembleClassifier' && node.nonNegativeWeights !== false
}

function findSingle (graph: Graph, outputs: TensorSpec[], metadata: Metadata): Head {
  const [output, ...others] = outputs
  if (!output || others.length > 0 || output.dims.length > 2) return { roles: {} }
  const part = nameSingle(graph, output, metadata)
  return { roles: part ? { [part]: 0 } : {} }
}

function nameSingle (graph: Graph, output: TensorSpec, metadata: Metadata): 'probabilities' | 'value' | undefined {
  const producer = graph.producers[output.name] ?? ''
  const width = widthOf(output)
  if (metadata.task === 'REGRESSION' || (!metadata.task && metadata.target_names) || regressors.has(producer)) return 'value'
  if (!isFloat(output)) return undefined
  if (producer === 'Softmax' && width !== 1) return 'probabilities'
  // Several sigmoids are several answers, not one distribution.
  if (producer === 'Sigmoid') return (width ?? (metadata.class_names?.length === 2 ? 1 : 0)) === 1 ? 'probabilities' : undefined
  if (metadata.task?.endsWith('CLASSIFICATION')) return /proba/i.test(output.name) ? 'probabilities' : undefined
  return width === 1 || (graph.producer === 'skl2onnx' && output.name === 'variable') ? 'value' : undefined
}
