import { isDeepStrictEqual } from 'node:util'
import { allocate, elementCount, type Tensor, type TensorSpec } from '../../codecs/tensor.js'
import { copyRow, slice } from '../../codecs/batches.js'
import type { InputReader } from '../../codecs/records/prediction-input.js'
import type { Feature, ModelSpecification } from '../../codecs/specification.js'
import { InferenceError } from '../../errors.js'
import { toRecords } from '../../schemas/background.js'
import type { Lane } from '../inference/index.js'
import type { Deadline } from '../inference/deadline.js'
import type { Outcome } from '../inference/request.js'
import type { Artefact } from './store/artefact.js'

const probeRows = 3
// A graph whose rows depend on one another differs grossly; float rounding between batch sizes stays far below this.
const tolerance = 1e-4

export interface ProbeSubject {
  artefact: Artefact
  specification: ModelSpecification
  lane: Lane
  reader: InputReader
}

export interface ProbeResult {
  /** Undefined when rows give the same answers alone and together. */
  unmerged: string | undefined
  /** What the model answered to the probe; undefined when it could not be run on it. */
  outputs: Tensor[] | undefined
}

/** Runs a few rows alone and together: shows whether they may be merged, warms the session up, and gives a first look at real outputs. Rejects when it was the server and not the graph that failed. */
export async function probe (subject: ProbeSubject, deadline: Deadline): Promise<ProbeResult> {
  const { lane, specification: { batchable } } = subject
  const inputs = findRows(subject)
  // Running them takes the tensors away when they are large.
  const rows = batchable ? Array.from({ length: probeRows }, (_, row) => copyRow(inputs, row, probeRows)) : []
  try {
    const together = await lane.submit(inputs, batchable ? probeRows : 1, deadline)
    if (!batchable) return { unmerged: 'the graph fixes its first dimension', outputs: together.outputs }
    const alone: Outcome[] = []
    for (const row of rows) alone.push(await lane.submit(row, 1, deadline))
    const agree = alone.every(({ outputs }, row) => agrees(outputs, slice(together.outputs, row, 1, probeRows)))
    return { unmerged: agree ? undefined : 'rows give other answers together than alone', outputs: together.outputs }
  } catch (error) {
    // A lost thread or a deadline says nothing about the graph.
    if (!(error instanceof InferenceError)) throw error
    const { cause = error } = error
    return { unmerged: `the probe could not be run: ${(cause as Error).message}`, outputs: undefined }
  }
}

/** One of the rows that the probe runs. */
export function findRow (subject: ProbeSubject): Tensor[] {
  return copyRow(findRows(subject), 0, subject.specification.batchable ? probeRows : 1)
}

/** Rows as users would send them where the artefact has some, else numbers of the right type and shape. */
function findRows ({ artefact: { background, tests }, specification: { layout, batchable }, reader }: ProbeSubject): Tensor[] {
  for (const instances of [background && toRecords(background), tests?.cases.map(({ input }) => input)]) {
    if (!batchable || instances === undefined || instances.length < probeRows) continue
    try {
      const { tensors } = reader.read({ instances: instances.slice(0, probeRows) }, 'instances', false)
      // Equal rows have a mean that no company changes.
      if (!isDeepStrictEqual(copyRow(tensors, 0, probeRows), copyRow(tensors, 1, probeRows))) return tensors
    } catch {
      // Rows that a request could not send either show nothing.
    }
  }
  return layout.inputs.map((spec, input) => synthesize(spec, batchable ? probeRows : undefined, layout.features?.filter((feature) => feature.input === input) ?? []))
}

function synthesize (spec: TensorSpec, rows: number | undefined, features: Feature[]): Tensor {
  const dims = spec.dims.map((dim, axis) => dim >= 0 ? dim : axis === 0 ? rows ?? 1 : 1)
  const data = allocate(spec.type, elementCount(dims))
  const width = Math.max(1, data.length / (rows ?? 1))
  for (let i = 0; i < data.length; i++) {
    const [column, row] = [i % width, Math.floor(i / width)]
    data[i] = synthesizeElement(spec, column + row, features.find((feature) => feature.column === column && feature.size === 1))
  }
  return { ...spec, dims, data }
}

function synthesizeElement ({ type }: TensorSpec, index: number, { categories, minimum = 0, maximum = Infinity }: Partial<Feature> = {}): never {
  const position = index % (categories?.length ?? 26)
  if (type === 'string') return String(categories?.[position] ?? String.fromCharCode(97 + position)) as never
  const isFraction = type === 'float32' || type === 'float64'
  const value = categories !== undefined ? position : isFraction ? index * 0.37 % 1 : Math.min(maximum, Math.ceil(minimum) + index % 2)
  return (type === 'int64' || type === 'uint64' ? BigInt(value) : value) as never
}

function agrees (alone: Tensor[], together: Tensor[] | undefined): boolean {
  return together !== undefined && alone.every((tensor, index) => {
    const other = together[index]
    if (other === undefined || other.data.length !== tensor.data.length) return false
    for (let i = 0; i < tensor.data.length; i++) if (!close(tensor.data[i], other.data[i])) return false
    return true
  })
}

function close (a: number | bigint | string | undefined, b: number | bigint | string | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  return Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a))
}
