import { PbfReader, PbfWriter } from 'pbf'
import { findClassifiers, findZipMaps } from './classifiers.js'
import { findEncoders } from './encoders.js'
import { Flow, isPlain } from './flow.js'
import { quoteBeginning, recognise } from './format.js'
import { findMissingAnswers } from './missing-values.js'
import { listOutputs, readModel, type GraphProto, type ModelProto } from './proto.js'
import { findSplits } from './splits.js'
import { FormatError } from './wire.js'
import type { ClassifierNode, ColumnSplit, Graph } from '../contract.js'

const modelNodes = /^(TreeEnsemble|Linear|SVM)(Classifier|Regressor)?$/

/**
 * Reads what an .onnx file says about itself; tensor data is neither copied nor checked, external data not opened. Throws an Error that says what
 * is wrong with a file that is empty, truncated, of another format, or has no graph or no outputs.
 */
export function readGraph (bytes: Uint8Array): Graph {
  if (bytes.length === 0) throw new Error('the model file is empty')
  const foreign = recognise(bytes)
  if (foreign) throw new Error(`is not an ONNX file: ${foreign}`)
  const model: ModelProto = {
    irVersion: 0,
    producer: '',
    producerVersion: '',
    opsets: [],
    metadata: new Map(),
    operators: new Set(),
    locations: new Set(),
    captured: new Set()
  }
  const pbf = new PbfReader(bytes)
  try {
    readModel(pbf, model)
    return describe(model)
  } catch (error) {
    throw new Error(explain(error, bytes, model, pbf.pos), { cause: error })
  }
}

/** What is wrong with a file in words of its reader's: those of protobuf's library help nobody. */
function explain (error: unknown, bytes: Uint8Array, { irVersion, graph }: ModelProto, position: number): string {
  if (irVersion > 0 && position > bytes.length) return `the file is truncated: it ends after ${bytes.length} bytes`
  if (irVersion === 0 && graph === undefined) return `is not an ONNX file (it begins with ${quoteBeginning(bytes)})`
  const own = error instanceof FormatError
  return `is not an ONNX file, or a damaged one: ${own ? error.message : `it makes no sense before byte ${Math.min(position, bytes.length)}`}`
}

/**
 * The model bytes with the named intermediate tensors added to the outputs of its graph, in that order; ONNX Runtime finds their types itself.
 * What is an output already is not added again; that a name exists at all is not checked.
 */
export function tapOutputs (bytes: Uint8Array, names: string[]): Uint8Array {
  const present = listOutputs(bytes)
  const added = [...new Set(names)].filter((name) => !present.has(name))
  if (added.length === 0) return bytes
  const writer = new PbfWriter()
  writer.writeMessage(7, (outputs: string[], graph) => {
    for (const output of outputs) graph.writeMessage(12, (name: string, info) => info.writeStringField(1, name), output)
  }, added)
  const fragment = writer.finish()
  const tapped = new Uint8Array(bytes.length + fragment.length)
  tapped.set(bytes)
  tapped.set(fragment, bytes.length)
  return tapped
}

function describe (model: ModelProto): Graph {
  const { graph } = model
  if (!graph) throw new FormatError('it holds no graph')
  if (model.opsets.length === 0) throw new FormatError('it names no operator set')
  if (graph.outputs.length === 0) throw new FormatError('its graph has no outputs')
  const flow = new Flow(graph)
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name))
  const zipMaps = findZipMaps(graph, flow)
  const parted = findSplits(graph, flow)
  const classifiers = findClassifiers(graph, flow, zipMaps, parted)
  const splits = parted.filter((split) => classifiers.some((classifier) => holdsScores(split, classifier)))
  const preprocessed = findPreprocessed(graph, flow)
  return {
    irVersion: model.irVersion,
    producer: model.producer,
    producerVersion: model.producerVersion,
    opsets: model.opsets,
    metadata: Object.fromEntries(model.metadata),
    inputs,
    outputs: graph.outputs,
    operators: [...model.operators],
    producers: nameProducers([...graph.outputs.map(({ name }) => name), ...[...zipMaps, ...splits].map(({ input }) => input)], flow),
    classifiers,
    zipMaps,
    splits,
    encoders: findEncoders(model.producer, graph, inputs, flow),
    answersMissing: findMissingAnswers(graph, inputs, flow, model.captured),
    externalData: [...model.locations],
    ...(preprocessed !== undefined && { preprocessed })
  }
}

/** Other tensors may be given column by column, too: only of scores is it known that they belong together. */
function holdsScores ({ input, outputs }: ColumnSplit, { scores, classes }: ClassifierNode): boolean {
  return scores === input && classes.length === outputs.length
}

function nameProducers (names: string[], flow: Flow): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => {
    const node = flow.origin(name)
    return node ? [[name, node.operator]] : []
  }))
}

/** The one tensor that every model node reads, when it is made by more than plain copies and by no other model. */
function findPreprocessed (graph: GraphProto, flow: Flow): string | undefined {
  const sources = new Set(graph.nodes.filter(({ operator }) => modelNodes.test(operator)).map(({ inputs }) => inputs[0]))
  const [source] = sources
  if (sources.size !== 1 || !source || graph.outputs.some(({ name }) => name === source)) return undefined
  const before = [...flow.ancestors(source)]
  if (before.every(isPlain) || before.some(({ operator }) => modelNodes.test(operator))) return undefined
  return source
}
