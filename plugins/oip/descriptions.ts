import { configDatatype, oipDatatype } from '../../codecs/oip/datatypes.js'
import type { OipModel } from '../../codecs/oip/model.js'
import type { TensorSpec } from '../../codecs/tensor.js'
import type { OipModelMetadata, OipTensorMetadata } from '../../schemas/oip.js'
import type { OipModelConfig } from '../../schemas/oip-repository.js'
import type { Model } from '../models/model.js'

const platform = 'onnxruntime_onnx'

/** What the codecs need to know of a model version; shapes as the graph declares them. Plain data: it can be sent to a thread. */
export function describeForCodecs (model: Model): OipModel {
  const { name, version, specification: { layout } } = model
  return { name, version, inputs: layout.inputs, ...partOutputs(model) }
}

/** Scores that the graph splits into outputs are read whole, but are no output of it: metadata and answers show what it declares. */
function partOutputs ({ specification: { outputs }, lane: { description: { graph } } }: Model): Pick<OipModel, 'outputs' | 'inner'> {
  if (graph.splits.length === 0) return { outputs }
  const declared = new Set(graph.outputs.map(({ name }) => name))
  const wholes = new Set(graph.splits.flatMap(({ input }) => declared.has(input) ? [] : [input]))
  return { outputs: outputs.filter(({ name }) => !wholes.has(name)), inner: outputs.filter(({ name }) => wholes.has(name)) }
}

/** Metadata of a model version, with the versions to list. */
export function describeMetadata (model: Model, versions: string[]): OipModelMetadata {
  const { name, inputs, outputs } = describeForCodecs(model)
  return { name, versions, platform, inputs: inputs.map(describeTensor), outputs: outputs.map(describeTensor) }
}

/** Model configuration of a version. Its batch size is 0, so that the dimensions are those of the graph, the batch included. */
export function describeConfig (model: Model): OipModelConfig {
  const { name, inputs, outputs } = describeForCodecs(model)
  return {
    name,
    platform,
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: inputs.map(configureTensor),
    output: outputs.map(configureTensor)
  }
}

function describeTensor ({ name, type, dims }: TensorSpec): OipTensorMetadata {
  return { name, datatype: oipDatatype(type), shape: dims }
}

function configureTensor ({ name, type, dims }: TensorSpec): OipModelConfig['input'][number] {
  return { name, data_type: configDatatype(type), dims }
}
