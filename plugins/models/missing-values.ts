import { copyRow } from '../../codecs/batches.js'
import { toFloat16Bits } from '../../codecs/float16.js'
import type { Feature, InputLayout, ModelSpecification } from '../../codecs/specification.js'
import type { DataType, Tensor } from '../../codecs/tensor.js'
import { InferenceError, NonFiniteError } from '../../errors.js'
import type { Graph } from '../../workers/contract.js'
import type { Deadline } from '../inference/deadline.js'
import type { Lane } from '../inference/index.js'
import { readElement } from './predictions/output-values.js'
import { PredictionDecoder } from './predictions/predictions.js'
import { isFloat } from './specification/output-heads.js'

export interface MissingSubject {
  specification: ModelSpecification
  lane: Lane
  /** One row that the model takes; undefined when there is none. */
  row: Tensor[] | undefined
  /** Somebody has said what the features are, and so which may be missing. */
  declared: boolean
}

export interface MissingResult {
  /** The layout with what may be null, where nobody has said it. */
  layout: InputLayout
  /** Features that accept missing values by their metadata, but not by the model. */
  warnings: string[]
}

// Beside the row in which everything is missing at once; only a graph that answers some of that needs them.
const mostProbes = 64
// A row with null for some columns has a schema and a check for each: 128 compile in 50 ms, 1,000 in 2 s, and of 5,000 the compiler's stack overflows.
const widestPartial = 128

/**
 * Finds out where a missing number (NaN) has an answer. Where the metadata says what may be missing, features that have none are warnings. Where it
 * does not, null may stand for what the graph imputes or knows a branch for, if its answer is finite then. One run tells of a model that copes with
 * all that may be missing together; only for another one each feature is tried by itself. Rejects when it was the server and not the graph that failed.
 */
export async function probeMissing ({ specification, lane, row, declared }: MissingSubject, deadline: Deadline): Promise<MissingResult> {
  const { layout } = specification
  const decoder = new PredictionDecoder(specification, '')
  const copes: Copes = async (places) => row !== undefined && await isAnswered(decoder, lane, spoil(row, places), deadline)
  return declared ? { layout, warnings: await findUnanswered(layout, copes) } : { layout: await findNullable(layout, lane.description.graph, copes), warnings: [] }
}

/** Elements of a row: those of a feature, or without a column the whole input. */
type Place = Pick<Feature, 'input'> & Partial<Pick<Feature, 'column' | 'size'>>
type Copes = (places: Place[]) => Promise<boolean>

async function findUnanswered ({ features = [], inputs }: InputLayout, copes: Copes): Promise<string[]> {
  const nullable = features.flatMap((feature, index) => mayBeMissing(feature, inputs[feature.input]?.type) ? [{ feature, index }] : [])
  // A model that has no answer to the row itself tells nothing.
  if (nullable.length === 0 || await copes(nullable.map(({ feature }) => feature)) || !await copes([])) return []
  const warnings: string[] = []
  for (const { feature, index } of nullable) {
    const key = feature.acceptsMissing === true ? 'accepts_missing' : 'default'
    if (!await copes([feature])) warnings.push(`metadata.json: features[${index}].${key} (of ${JSON.stringify(feature.name)}), but the model answers NaN when it is missing`)
  }
  return warnings
}

async function findNullable (layout: InputLayout, { answersMissing }: Graph, copes: Copes): Promise<InputLayout> {
  const { inputs, features, width } = layout
  const known = new Set(answersMissing.map(({ input, column }) => `${column} ${input}`))
  const answers = (input: number, column: number) => known.has(`${column} ${inputs[input]?.name}`)
  if (features !== undefined) {
    const nullable = new Set(await findAnswered(features.filter(({ type, input, column }) => type !== 'vector' && answers(input, column)), copes))
    return { ...layout, features: features.map((feature) => nullable.has(feature) ? { ...feature, nullable: true } : feature) }
  }
  const floats = inputs.flatMap((spec, input) => isFloat(spec) ? [{ input }] : [])
  if (floats.length === 0) return layout
  if (width === undefined) return { ...layout, acceptsMissing: floats.every(({ input }) => answers(input, -1)) && await copes(floats) }
  const columns = Array.from({ length: width }, (_, column) => ({ input: 0, column, size: 1 }))
  const candidates = columns.filter(({ column }) => answers(0, column))
  if (candidates.length < width && width > widestPartial) return { ...layout, acceptsMissing: false }
  const answered = new Set(await findAnswered(candidates, copes))
  return { ...layout, acceptsMissing: answered.size === 0 ? false : answered.size === width || columns.map((column) => answered.has(column)) }
}

/** Those places that may all be missing at once. */
async function findAnswered<T extends Place> (places: T[], copes: Copes): Promise<T[]> {
  if (places.length === 0 || await copes(places)) return places
  if (places.length > mostProbes) return []
  const answered: T[] = []
  for (const place of places) if (await copes([place])) answered.push(place)
  return answered.length < places.length && await copes(answered) ? answered : []
}

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
