import { encodeRaw } from '../../codecs/oip/binary.js'
import { encodeContents } from '../../codecs/oip/contents.js'
import { oipDatatype } from '../../codecs/oip/datatypes.js'
import { selectTensors, type InferAnswer } from '../../codecs/oip/response.js'
import type { InferOutputTensor, ModelInferResponse } from './messages.js'

/** The ModelInferResponse of an answer: raw bytes for every output where the request has them `binary`, else typed contents. */
export function encodeInferResponse ({ modelName, modelVersion, id = '', outputs, requested, labels }: InferAnswer): ModelInferResponse {
  const raws: Uint8Array[] = []
  const tensors = selectTensors(outputs, requested, labels).map(({ tensor, binary }): InferOutputTensor => {
    const head = { name: tensor.name, datatype: oipDatatype(tensor.type), shape: tensor.dims }
    if (binary) {
      raws.push(encodeRaw(tensor))
      return head
    }
    const contents = encodeContents(tensor)
    return contents === undefined ? head : { ...head, contents }
  })
  return { model_name: modelName, model_version: modelVersion, id, outputs: tensors, raw_output_contents: raws }
}
