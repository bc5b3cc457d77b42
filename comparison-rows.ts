import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { InputReader } from './codecs/records/prediction-input.js'
import type { Feature, InputLayout } from './codecs/specification.js'
import { allocate, elementCount, type Tensor, type TensorSpec } from './codecs/tensor.js'
import { InvalidRequestError } from './errors.js'
import { toRecords, type Background } from './schemas/background.js'

const randomRows = 200
/** Images are fewer, so that they fit into memory several times. */
const randomElements = 1_000_000

/** Rows that two variants of a model are compared on. */
export interface ComparedRows {
  tensors: Tensor[]
  rows: number
  source: string
}

export interface RowSources {
  background: Background | undefined
  /** A JSON file: a list of records or rows, `{"instances": [...]}`, or `{"columns": [...], "rows": [...]}` as in background.json. */
  file: string | undefined
}

/** The rows of the file, else the background rows, else random ones that are the same in every run. Throws when they are no rows of this model. */
export async function findRows (layout: InputLayout, reader: InputReader, { background, file }: RowSources): Promise<ComparedRows> {
  if (file !== undefined) return read(reader, await parseRows(file), file)
  if (background !== undefined) return read(reader, toRecords(background), 'background.json')
  const source = 'random, seed 0'
  const random = makeRandom()
  const width = layout.inputs.reduce((sum, { dims }) => sum + elementCount(dims.slice(1).map((dim) => Math.max(1, dim))), 0)
  const count = Math.max(1, Math.min(randomRows, Math.floor(randomElements / width)))
  if (layout.features === undefined) return { tensors: layout.inputs.map((spec) => fill(spec, count, random)), rows: count, source }
  const { features } = layout
  const records = Array.from({ length: count }, () => Object.fromEntries(features.map((feature) => [feature.name, pick(feature, random)])))
  return read(reader, records, source)
}

function read (reader: InputReader, instances: unknown[], source: string): ComparedRows {
  try {
    const { tensors, rows } = reader.read({ instances }, 'instances', false)
    return { tensors, rows, source }
  } catch (cause) {
    const [first] = cause instanceof InvalidRequestError ? cause.errors : []
    throw new Error(`${source}: ${first === undefined ? (cause as Error).message : `${first.path} ${first.message}`}`, { cause })
  }
}

async function parseRows (file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8').catch((cause) => { throw new Error(`${file}: cannot be read`, { cause }) })
  const document = parse(text, file)
  if (Array.isArray(document)) return document
  if (typeof document === 'object' && document !== null) {
    const { instances, columns, rows } = document as Record<string, unknown>
    if (Array.isArray(instances)) return instances
    if (Array.isArray(columns) && Array.isArray(rows)) return toRecords({ columns, rows })
  }
  throw new Error(`${file}: is no list of records or rows, and has neither "instances" nor "columns" and "rows"`)
}

function parse (text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${file}: is no JSON: ${(cause as Error).message}`, { cause })
  }
}

/** Numbers from 0 up to 1. Node has no generator with a seed. */
function makeRandom (): () => number {
  let count = 0
  return () => hash('sha256', String(count++), 'buffer').readUInt32LE() / 2 ** 32
}

function pick ({ type, categories, shape, minimum, maximum }: Feature, random: () => number): unknown {
  if (categories !== undefined) return categories[Math.floor(random() * categories.length)]
  if (type === 'string') return 'a'
  if (type === 'boolean') return random() < 0.5
  if (type === 'vector') return fillShape(shape ?? [1], random)
  const low = minimum ?? (maximum === undefined ? 0 : maximum - 1)
  const high = maximum ?? low + 1
  return type === 'integer' ? Math.ceil(low) + Math.floor(random() * (Math.floor(high) - Math.ceil(low) + 1)) : low + random() * (high - low)
}

function fillShape ([size = 0, ...inner]: number[], random: () => number): unknown[] {
  return Array.from({ length: size }, () => inner.length === 0 ? random() : fillShape(inner, random))
}

function fill (spec: TensorSpec, rows: number, random: () => number): Tensor {
  const dims = spec.dims.map((dim, axis) => axis === 0 ? rows : dim < 0 ? 1 : dim)
  const data = allocate(spec.type, elementCount(dims))
  for (let i = 0; i < data.length; i++) data[i] = element(spec, random) as never
  return { ...spec, dims, data }
}

function element ({ type }: TensorSpec, random: () => number): unknown {
  if (type === 'string') return 'a'
  if (type === 'float32' || type === 'float64') return random()
  return type === 'int64' || type === 'uint64' ? BigInt(Math.round(random())) : Math.round(random())
}
