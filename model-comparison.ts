import { stat } from 'node:fs/promises'
import { copyRow } from './codecs/batches.js'
import { InputReader } from './codecs/records/prediction-input.js'
import type { ModelSpecification } from './codecs/specification.js'
import type { Tensor } from './codecs/tensor.js'
import { findRows, type ComparedRows } from './comparison-rows.js'
import { PredictionDecoder } from './plugins/models/predictions/predictions.js'
import { specify } from './plugins/models/specification/specification.js'
import type { Artefact } from './plugins/models/store/artefact.js'
import { readSingle } from './plugins/models/store/path.js'
import type { ModelConfig } from './schemas/model-config.js'
import { locateExternalData } from './workers/external-data.js'
import { OnnxSession } from './workers/onnx-session.js'

/** Runs of each variant that a median is taken of, and milliseconds after which fewer have to do. */
const timedRuns = 500
const timedMs = 10_000

export interface VariantFigures {
  /** The .onnx file and its external data. */
  bytes: number
  /** Median time of one row inside ONNX Runtime, milliseconds. */
  p50Ms: number
}

export interface Comparison {
  variants: [VariantFigures, VariantFigures]
  rows: number
  /** Where the rows come from. */
  source: string
  /** Share of rows with the same predicted class; undefined when the task is no classification. */
  equalLabels: number | undefined
  /** Over all numbers of the outputs that are floating point; Infinity when only one of the two is a number. */
  largestDifference: number
  meanDifference: number
}

interface Found {
  path: string
  artefact: Artefact
  config: ModelConfig
}

interface Opened extends Found {
  session: OnnxSession
}

interface Variant extends Opened {
  specification: ModelSpecification
  decoder: PredictionDecoder
}

interface Answer {
  outputs: Tensor[]
  label: string | undefined
}

/**
 * Runs two variants of a model, version folders or .onnx files, on the same rows, one row at a time and in turns. The rows are those of a
 * JSON file, else the background rows of either, else random. Metadata that one of them lacks is that of the other; `tests.json` is not
 * run. Throws with one line that says which of the two cannot be opened, or why they cannot be compared.
 */
export async function compareModels (paths: readonly [string, string], rowsFile?: string): Promise<Comparison> {
  // Only the main thread's environment counts, and only before the addon loads.
  process.env.ORT_DISABLE_TELEMETRY = '1'
  const found = [await find(paths[0]), await find(paths[1])] as const
  const first = await open(found[0])
  try {
    const second = await open(found[1])
    try {
      return await compare(first, second, rowsFile)
    } finally {
      await second.session.release()
    }
  } finally {
    await first.session.release()
  }
}

async function compare (first: Opened, second: Opened, rowsFile: string | undefined): Promise<Comparison> {
  // First, because metadata that is lent to the other variant fits only where the tensors do.
  checkTensors(first, second)
  const [a, b] = [describe(first, second), describe(second, first)]
  const { layout } = a.specification
  const reader = new InputReader({ layout, rules: [], limits: { maxRows: Infinity, batchMax: Infinity, maxSamples: 0, maxErrors: 1 } })
  const rows = await findRows(layout, reader, { background: first.artefact.background ?? second.artefact.background, file: rowsFile })
  return await measure(a, b, rows)
}

async function find (path: string): Promise<Found> {
  const { model: { versions: [artefact], config, error } } = await readSingle(path, undefined, new Map()).catch((cause: Error) => {
    throw new Error(cause.message.replace(/^MODEL_PATH: /, ''), { cause })
  })
  if (artefact === undefined) throw new Error(`${path}: ${error?.message ?? 'there is no version in it'}`)
  if (artefact.error !== undefined) throw new Error(`${path}: ${artefact.error.message}`)
  return { path, artefact, config }
}

async function open (found: Found): Promise<Opened> {
  const { path, artefact, config } = found
  try {
    return { ...found, session: await OnnxSession.open({ key: path, path: artefact.path, folder: artefact.folder, session: config.session }) }
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause })
  }
}

/** What the variant is by its own metadata, else by that of the other. */
function describe (opened: Opened, other: Opened): Variant {
  const { path, artefact: { metadata } } = opened
  const isLent = metadata === undefined && other.artefact.metadata !== undefined
  try {
    const { specification } = specify(opened.session.description, metadata ?? other.artefact.metadata)
    return { ...opened, specification, decoder: new PredictionDecoder(specification, path) }
  } catch (cause) {
    const lender = isLent ? ` has no metadata of its own, and that of ${other.path} does not fit` : ''
    throw new Error(`${path}${lender}: ${(cause as Error).message}`, { cause })
  }
}

function checkTensors (first: Opened, second: Opened): void {
  for (const [verb, kind] of [['take', 'inputs'], ['give', 'outputs']] as const) {
    // Outputs are compared by their place: converters name them as they like.
    const [a, b] = [first, second].map(({ session: { description } }) => description[kind].map(({ name, type }) => kind === 'inputs' ? `${name} ${type}` : type).join())
    if (a === b) continue
    const [these, those] = [first, second].map(({ path, session: { description } }) => `${path} has ${description[kind].map(({ name, type }) => `${name} (${type})`).join(', ')}`)
    throw new Error(`they ${verb} other ${kind}: ${these}; ${those}`)
  }
}

async function measure (first: Variant, second: Variant, { tensors, rows, source }: ComparedRows): Promise<Comparison> {
  const inputs = Array.from({ length: rows }, (_, row) => copyRow(tensors, row, rows))
  let equal = 0
  let compared = 0
  let sum = 0
  let largest = 0
  for (const input of inputs) {
    const [a, b] = [await answer(first, input), await answer(second, input)]
    if (a.label === b.label) equal++
    for (const difference of differences(a.outputs, b.outputs)) {
      compared++
      sum += difference
      largest = Math.max(largest, difference)
    }
  }
  // The answers above have warmed both up.
  const [p50First, p50Second] = await time(first, second, inputs)
  return {
    variants: [{ bytes: await sizeOf(first), p50Ms: p50First }, { bytes: await sizeOf(second), p50Ms: p50Second }],
    rows,
    source,
    equalLabels: isClassifier(first) && isClassifier(second) ? equal / rows : undefined,
    largestDifference: largest,
    meanDifference: compared === 0 ? 0 : sum / compared
  }
}

function isClassifier ({ specification: { task } }: Variant): boolean {
  return task.endsWith('CLASSIFICATION')
}

async function answer (variant: Variant, input: Tensor[]): Promise<Answer> {
  const { outputs } = await variant.session.run(input)
  return { outputs, label: isClassifier(variant) ? variant.decoder.decode(outputs, 1, { probabilities: false })[0]?.predicted_class : undefined }
}

function * differences (a: Tensor[], b: Tensor[]): Generator<number> {
  for (const [index, { name, type, data }] of a.entries()) {
    if (type !== 'float32' && type !== 'float64') continue
    const other = b[index]?.data ?? []
    if (other.length !== data.length) throw new Error(`output ${name} has ${data.length} numbers in one and ${other.length} in the other`)
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [Number(data[i]), Number(other[i])]
      const difference = Object.is(x, y) ? 0 : Math.abs(x - y)
      yield Number.isNaN(difference) ? Infinity : difference
    }
  }
}

/** In turns, so that what else the machine does falls on both. */
async function time (first: Variant, second: Variant, inputs: Tensor[][]): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []]
  const end = performance.now() + timedMs
  for (let run = 0; run < timedRuns && (run === 0 || performance.now() < end); run++) {
    const input = inputs[run % inputs.length] ?? []
    times[0].push((await first.session.run(input)).runMs)
    times[1].push((await second.session.run(input)).runMs)
  }
  return [median(times[0]), median(times[1])]
}

function median (values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

async function sizeOf ({ artefact: { folder }, session: { description: { bytes, graph } } }: Variant): Promise<number> {
  const external = await Promise.all([...new Set(graph.externalData)].map(async (location) => (await stat(await locateExternalData(folder, location))).size))
  return external.reduce((sum, size) => sum + size, bytes)
}
