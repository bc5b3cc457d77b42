import { copyRow } from '../../codecs/batches.js'
import { toFloat16Bits } from '../../codecs/float16.js'
import type { Feature, ModelSpecification } from '../../codecs/specification.js'
import type { DataType, Tensor } from '../../codecs/tensor.js'
import { InferenceError, NonFiniteError } from '../../errors.js'
import type { Deadline } from '../inference/deadline.js'
import type { Lane } from '../inference/index.js'
import { readElement } from './predictions/output-values.js'
import { PredictionDecoder } from './predictions/predictions.js'
import { isFloat } from './specification/output-heads.js'

export interface MissingSubject {
  specification: ModelSpecification
  lane: Lane
  /** One row that the model takes. */
  row: Tensor[]
}

export interface MissingResult {
  /** Nothing names the columns, and the model has no finite answer to a row of missing numbers: null must be refused. */
  refused: boolean
  /** Features that accept missing values by their metadata, but not by the model. */
  warnings: string[]
}

/**
 * Runs a row in which every number that may be missing is NaN. One run tells of a model that copes with all of them together; only for another
 * one each feature is tried by itself. Rejects when it was the server and not the graph that failed.
 */
export async function probeMissing ({ specification, lane, row }: MissingSubject, deadline: Deadline): Promise<MissingResult> {
  const { layout: { features, inputs } } = specification
  const decoder = new PredictionDecoder(specification, '')
  const copes = async (...places: Place[]) => await isAnswered(decoder, lane, spoil(row, places), deadline)
  if (features === undefined) {
    const floats = inputs.flatMap((spec, input) => isFloat(spec) ? [{ input }] : [])
    return { refused: floats.length > 0 && !await copes(...floats), warnings: [] }
  }
  const nullable = features.flatMap((feature, index) => mayBeMissing(feature, inputs[feature.input]?.type) ? [{ feature, index }] : [])
  // A model that has no answer to the row itself tells nothing.
  if (nullable.length === 0 || await copes(...nullable.map(({ feature }) => feature)) || !await copes()) return { refused: false, warnings: [] }
  const warnings: string[] = []
  for (const { feature, index } of nullable) {
    const key = feature.acceptsMissing === true ? 'accepts_missing' : 'default'
    if (!await copes(feature)) warnings.push(`metadata.json: features[${index}].${key} (of ${JSON.stringify(feature.name)}), but the model answers NaN when it is missing`)
  }
  return { refused: false, warnings }
}

/** Elements of a row: those of a feature, or without a column the whole input. */
type Place = Pick<Feature, 'input'> & Partial<Pick<Feature, 'column' | 'size'>>

function mayBeMissing ({ acceptsMissing, default: value }: Feature, type: DataType | undefined): boolean {
  return type?.startsWith('float') === true && (value === null || (acceptsMissing === true && value === undefined))
}

function spoil (row: Tensor[], places: Place[]): Tensor[] {
  const spoilt = copyRow(row, 0, 1)
  for (const { input, column = 0, size } of places) {
    const tensor = spoilt[input]
    if (tensor === undefined || Array.isArray(tensor.data)) continue
    const nan = tensor.type === 'float16' ? toFloat16Bits(NaN) : NaN
    tensor.data.fill(nan as never, column, size === undefined ? undefined : column + size)
  }
  return spoilt
}

function hasNaN (tensor: Tensor): boolean {
  for (let index = 0; index < tensor.data.length; index++) if (Number.isNaN(readElement(tensor, index))) return true
  return false
}

async function isAnswered (decoder: PredictionDecoder, lane: Lane, inputs: Tensor[], deadline: Deadline): Promise<boolean> {
  try {
    const { outputs } = await lane.submit(inputs, 1, deadline)
    decoder.decode(outputs, 1)
    // A label is looked up among scores, and found among those that are NaN, too.
    return !outputs.some(hasNaN)
  } catch (error) {
    if (error instanceof NonFiniteError || error instanceof InferenceError) return false
    throw error
  }
}
