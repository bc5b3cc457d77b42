import { configDatatype, oipDatatype } from '../../codecs/oip/datatypes.js'
import type { OipModel } from '../../codecs/oip/model.js'
import type { TensorSpec } from '../../codecs/tensor.js'
import type { OipModelMetadata, OipTensorMetadata } from '../../schemas/oip.js'
import type { OipModelConfig } from '../../schemas/oip-repository.js'
import type { Model } from '../models/model.js'

const platform = 'onnxruntime_onnx'

/** What the codecs need to know of a model version; shapes as the graph declares them. Plain data: it can be sent to a thread. */
export function describeForCodecs ({ name, version, specification: { layout, outputs } }: Model): OipModel {
  return { name, version, inputs: layout.inputs, outputs }
}

/** Metadata of a model version, with the versions to list. */
export function describeMetadata ({ name, specification: { layout, outputs } }: Model, versions: string[]): OipModelMetadata {
  return { name, versions, platform, inputs: layout.inputs.map(describeTensor), outputs: outputs.map(describeTensor) }
}

/** Model configuration of a version. Its batch size is 0, so that the dimensions are those of the graph, the batch included. */
export function describeConfig ({ name, specification: { layout, outputs } }: Model): OipModelConfig {
  return {
    name,
    platform,
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: layout.inputs.map(configureTensor),
    output: outputs.map(configureTensor)
  }
}

function describeTensor ({ name, type, dims }: TensorSpec): OipTensorMetadata {
  return { name, datatype: oipDatatype(type), shape: dims }
}

function configureTensor ({ name, type, dims }: TensorSpec): OipModelConfig['input'][number] {
  return { name, data_type: configDatatype(type), dims }
}
