import type { PredictionInput } from '../../codecs/records/prediction-input.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { Trace } from '../../schemas/trace.js'
import type { Journal } from '../inference/journal.js'
import type { Deadline } from '../inference/deadline.js'
import { readRow } from './predictions/output-values.js'
import type { RowPrediction } from './predictions/predictions.js'
import type { Preprocessing } from './preprocessing.js'

export interface TraceOptions {
  input: PredictionInput
  predictions: RowPrediction[]
  preprocessing: Preprocessing | undefined
  journal: Journal
  deadline: Deadline
}

/** The same input in memory of its own. */
export function copyInput (input: PredictionInput): PredictionInput {
  return { ...input, tensors: input.tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() })) }
}

/** Shows a prediction that has been made stage by stage. Runs the graph once more where it scales its own inputs. */
export async function traceStages ({ input, predictions, preprocessing, journal, deadline }: TraceOptions): Promise<Trace> {
  const { validateMs, preprocessMs, inferenceMs } = journal
  const formatMs = journal.formatMs(performance.now())
  const parsed = { shape: shapeOf(input), value: readInputs(input) }
  const scaled = await preprocessing?.run(input.tensors, input.rows, unrecorded(deadline))
  const scores = predictions.map(({ prediction, probabilities }) => probabilities === undefined ? prediction : Object.values(probabilities))
  const [first] = scores
  return [
    { stage: 'Input Parsing', ...parsed, ms: validateMs + preprocessMs },
    { stage: 'Feature Scaling', ...(scaled === undefined ? { ...parsed, ms: 0 } : { shape: scaled.shape, value: scaled.rows, ms: scaled.runMs }) },
    { stage: 'Model Prediction', shape: [scores.length, ...(Array.isArray(first) ? [first.length] : [])], value: scores, ms: inferenceMs },
    { stage: 'Response Formatting', shape: [predictions.length], value: predictions.map(({ prediction, predicted_class: name }) => name ?? prediction), ms: formatMs }
  ]
}

/** The second run is no part of what the request took. */
function unrecorded (deadline: Deadline): Deadline {
  return { at: deadline.at, ms: deadline.ms, get cancelled () { return deadline.cancelled } }
}

/** Rows first; of several inputs, which are the columns then, their number. */
function shapeOf ({ tensors, rows }: PredictionInput): number[] {
  const [tensor, ...others] = tensors
  return tensor !== undefined && others.length === 0 ? tensor.dims : [rows, tensors.length]
}

function readInputs ({ tensors, rows }: PredictionInput): unknown {
  const [tensor, ...others] = tensors
  if (tensor === undefined || others.length > 0) return Object.fromEntries(tensors.map((each) => [each.name, readRows(each, rows)]))
  return readRows(tensor, rows)
}

function readRows (tensor: Tensor, rows: number): unknown[] {
  return Array.from({ length: rows }, (_, row) => readRow(tensor, row, []))
}
