import { isClassifiable } from './classification.js'
import { oipDatatype } from './datatypes.js'
import { OipError } from './error.js'
import { listTensors, type OipModel, type OutputRequest } from './model.js'
import { parseCount, parseFlag, parseList, parseParameters, parseString } from './wire.js'

/** The `outputs` of a JSON request; an output that does not ask for binary data is JSON, as in Triton and KServe. Throws OipError. */
export function parseOutputs (outputs: unknown): OutputRequest[] {
  return parseList(outputs ?? [], 'outputs').map((output) => {
    const name = parseString(output, 'name', 'output')
    const parameters = parseParameters(output, `output '${name}'`)
    const classification = parseCount(parameters, 'classification')
    return { name, binary: parseFlag(parameters, 'binary_data'), ...(classification && { classification }) }
  })
}

/** Refuses, before the model runs, what could not be sent: FP16 as JSON and the classes of a tensor that has no order. Throws OipError. */
export function checkAnswerable (model: OipModel, outputs: readonly OutputRequest[]): void {
  const requested = new Map(outputs.map((output) => [output.name, output]))
  for (const { name, type } of listTensors(model)) {
    const output = requested.get(name)
    if (output?.classification && !isClassifiable(type)) {
      throw new OipError(`class result not available for output '${name}' due to unsupported type '${oipDatatype(type)}'`)
    }
    if (output?.binary === false && type === 'float16') {
      throw new OipError(`sending FP16 data via JSON is not supported. Please use the binary data format for output '${name}'`)
    }
  }
}
