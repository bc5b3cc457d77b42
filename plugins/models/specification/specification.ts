import type { InputLayout, ModelSpecification } from '../../../codecs/specification.js'
import type { Background } from '../../../schemas/background.js'
import type { FeatureMetadata, Metadata } from '../../../schemas/metadata.js'
import type { Description } from '../../../workers/contract.js'
import { restrictEncoded } from './encoded-features.js'
import { assignOutputs } from './output-roles.js'
import { SpecificationError } from './error.js'
import { exemplify } from './example.js'
import type { DeclaredFeature } from './feature.js'
import { deriveLayout, placeFeatures } from './layout.js'

export { SpecificationError } from './error.js'

export interface SpecificationOptions {
  /** What INPUT_SCHEMA names; used when the metadata has no features. */
  inputSchema?: FeatureMetadata[]
  /** Reference rows; the first one serves as the example in the documentation. */
  background?: Background
}

/**
 * Everything about one model version that its graph and its metadata say: how records become tensors, what the outputs mean, which task it is.
 * Throws a SpecificationError when the two contradict each other. Declared shapes of outputs are a hint at most.
 */
export function specify (description: Description, metadata: Metadata | undefined, options: SpecificationOptions = {}): { specification: ModelSpecification, warnings: string[] } {
  checkInputs(description, metadata)
  const warnings: string[] = []
  const layout = specifyLayout(description, metadata, options, warnings)
  const { roles, ...meaning } = assignOutputs(description, metadata ?? {}, warnings)
  const specification: ModelSpecification = {
    layout: { ...layout, ...(layout.features && { features: addExamples(layout, options.background) }) },
    outputs: description.outputs,
    roles,
    ...meaning,
    batchable: isBatchable(description)
  }
  return { specification, warnings }
}

function checkInputs ({ graph, inputs }: Description, metadata: Metadata | undefined): void {
  for (const { name, kind, type, elementType } of graph.inputs) {
    if (kind !== 'tensor') throw new SpecificationError('model.onnx: inputs', `'${name}' is a ${kind}; only tensors can be served`)
    if (type === undefined) throw new SpecificationError('model.onnx: inputs', `'${name}' has ${nameElements(elementType)} elements, which cannot be served`)
  }
  const named = metadata?.input
  if (named !== undefined && !inputs.some(({ name }) => name === named)) {
    throw new SpecificationError('metadata.json: input', `the model has no input '${named}'; its inputs are ${inputs.map(({ name }) => name).join(', ')}`)
  }
}

function nameElements (elementType: number | undefined): string {
  if (elementType === 14 || elementType === 15) return 'complex'
  if (elementType === 16) return 'bfloat16'
  return elementType !== undefined && elementType >= 17 && elementType <= 20 ? 'float8' : `unknown (${elementType ?? 'undeclared'})`
}

function specifyLayout ({ graph, inputs }: Description, metadata: Metadata | undefined, options: SpecificationOptions, warnings: string[]): InputLayout {
  const described = metadata?.features?.map((feature, index): DeclaredFeature => ({ field: `metadata.json: features[${index}]`, feature }))
  const declared = described ?? options.inputSchema?.map((feature): DeclaredFeature => ({ field: `INPUT_SCHEMA: ${feature.name}`, feature }))
  if (declared === undefined) return restrictEncoded(deriveLayout(inputs, warnings), graph, 'model.onnx: inputs')
  const source = described === undefined ? 'INPUT_SCHEMA' : 'metadata.json: features'
  return restrictEncoded(placeFeatures(inputs, declared, source, warnings), graph, source)
}

function addExamples ({ features = [], inputs }: InputLayout, background: Background | undefined): NonNullable<InputLayout['features']> {
  return features.map((feature) => {
    const example = exemplify(feature, inputs[feature.input]?.type ?? 'float32', background)
    return example === undefined ? feature : { ...feature, example }
  })
}

/**
 * Sessions report no dimensions for a scalar and for an undeclared rank alike; the file tells them apart. A classifier node gives one result per
 * row, whatever is declared: LightGBM's converter declares the label as `[1]`.
 */
function isBatchable ({ graph, inputs, outputs }: Description): boolean {
  const scalar = new Set(graph.outputs.filter(({ dims }) => dims?.length === 0).map(({ name }) => name))
  const perRow = new Set(graph.classifiers.flatMap(({ label, scores }) => [label, scores]))
  return inputs.length > 0 && inputs.every(({ dims }) => dims[0] === -1) &&
    outputs.every(({ name, dims }) => perRow.has(name) || (dims.length === 0 ? !scalar.has(name) : dims[0] === -1))
}
