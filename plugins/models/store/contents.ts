import { join } from 'node:path'
import { BackgroundSchema, type Background, type BackgroundValue } from '../../../schemas/background.js'
import { GoldenTestsSchema, type GoldenTests } from '../../../schemas/golden-tests.js'
import { listUnknownKeys, MetadataSchema, normalizeMetadata, type FeatureMetadata, type Metadata } from '../../../schemas/metadata.js'
import { ModelConfigSchema, type ModelConfig } from '../../../schemas/model-config.js'
import { EntryError } from './errors.js'
import { readText, showPath } from './files.js'
import { parseJson } from './json.js'
import { compileSchema } from './validation.js'

const checkMetadata = compileSchema(MetadataSchema)
const checkBackground = compileSchema(BackgroundSchema)
const checkTests = compileSchema(GoldenTestsSchema)
const checkConfig = compileSchema(ModelConfigSchema)

/** `_data` and `_samples` are keys of the request body; `__proto__` is refused in every body. */
const reservedNames = new Set(['_data', '_samples', '__proto__'])

function suits (feature: FeatureMetadata, value: BackgroundValue): boolean {
  if (value === null) return true
  switch (feature.type) {
    case 'numeric': return typeof value === 'number'
    case 'integer': return Number.isInteger(value)
    case 'boolean': return typeof value === 'boolean' || value === 0 || value === 1
    case 'string': return typeof value === 'string'
    case 'category': return feature.categories?.some((category) => category === value) ?? false
    case 'vector': return true
  }
}

function checkFeature (feature: FeatureMetadata, field: string, file: string): void {
  const fail = (key: string, reason: string): never => {
    throw new EntryError(file, `: ${field}.${key} (of ${JSON.stringify(feature.name)}) ${reason}`, `${field}.${key}`)
  }
  if (reservedNames.has(feature.name)) fail('name', 'is reserved: no feature may have this name')
  if (feature.type === 'category' && !feature.categories) fail('categories', 'is missing, a category needs its allowed values')
  if (feature.type === 'vector' && !feature.shape) fail('shape', 'is missing, a vector needs its dimensions')
  if (feature.default !== undefined && !suits(feature, feature.default)) fail('default', `does not fit the type ${feature.type}: ${JSON.stringify(feature.default)}`)
  if (feature.minimum !== undefined && feature.maximum !== undefined && feature.minimum > feature.maximum) fail('minimum', 'is greater than maximum')
}

function checkFeatures (features: readonly FeatureMetadata[], file: string): void {
  const seen = new Map<string, number>()
  features.forEach((feature, index) => {
    const field = `features[${index}]`
    const first = seen.get(feature.name)
    if (first !== undefined) throw new EntryError(file, `: ${field}.name repeats ${JSON.stringify(feature.name)} of features[${first}]`, `${field}.name`)
    seen.set(feature.name, index)
    checkFeature(feature, field, file)
  })
}

/** Checks a parsed metadata document of any accepted form, wherever it comes from; `file` is how messages call it. Unknown keys are warnings. Throws an `EntryError`. */
export function parseMetadata (value: unknown, file: string): { metadata: Metadata, warnings: string[] } {
  const metadata = checkMetadata(normalizeMetadata(value), file)
  checkFeatures(metadata.features ?? [], file)
  if (metadata.class_names?.includes('__proto__')) throw new EntryError(file, ': class_names must not contain "__proto__"', 'class_names')
  return { metadata, warnings: listUnknownKeys(MetadataSchema, metadata).map((key) => `${file}: ${key} is not a known key and is ignored`) }
}

function checkColumns ({ columns }: Background, features: readonly FeatureMetadata[], file: string): void {
  if (columns.length !== features.length) throw new EntryError(file, `: columns has ${columns.length} names, metadata.json has ${features.length} features`, 'columns')
  columns.forEach((column, index) => {
    const name = features[index]?.name
    if (column !== name) throw new EntryError(file, `: columns[${index}] is ${JSON.stringify(column)}, but features[${index}] of metadata.json is ${JSON.stringify(name)}`, `columns[${index}]`)
  })
}

function checkRow (row: readonly BackgroundValue[], index: number, { columns }: Background, features: readonly FeatureMetadata[] | undefined, file: string): void {
  if (row.length !== columns.length) throw new EntryError(file, `: rows[${index}] has ${row.length} values, columns has ${columns.length} names`, `rows[${index}]`)
  if (!features) return
  row.forEach((value, column) => {
    const feature = features[column]
    if (feature && !suits(feature, value)) {
      throw new EntryError(file, `: rows[${index}][${column}] does not fit the ${feature.type} feature ${JSON.stringify(feature.name)}: ${JSON.stringify(value)}`, `rows[${index}][${column}]`)
    }
  })
}

async function readJson (root: string, folder: string, name: string): Promise<{ value: unknown, file: string, sha256: string }> {
  const path = join(folder, name)
  const file = showPath(root, path)
  const { text, sha256 } = await readText(root, path)
  return { value: parseJson(text, file), file, sha256 }
}

export async function readMetadata (root: string, folder: string): Promise<{ metadata: Metadata, warnings: string[] }> {
  const { value, file } = await readJson(root, folder, 'metadata.json')
  return parseMetadata(value, file)
}

/** Rows are as long as `columns`; where the metadata has features the columns are these in their order and the values suit them. Another digest than that of the metadata is a warning. */
export async function readBackground (root: string, folder: string, { features, explain }: Metadata = {}): Promise<{ background: Background, warnings: string[] }> {
  const { value, file, sha256 } = await readJson(root, folder, 'background.json')
  const background = checkBackground(value, file)
  if (features) checkColumns(background, features, file)
  background.rows.forEach((row, index) => checkRow(row, index, background, features, file))
  const expected = explain?.background_sha256
  if (expected === undefined || expected.toLowerCase() === sha256) return { background, warnings: [] }
  const metadataFile = showPath(root, join(folder, 'metadata.json'))
  return { background, warnings: [`${metadataFile}: explain.background_sha256 is not the digest of ${file}, which is ${sha256}: one of them was changed or belongs to another export`] }
}

export async function readTests (root: string, folder: string): Promise<GoldenTests> {
  const { value, file } = await readJson(root, folder, 'tests.json')
  return checkTests(value, file)
}

export async function readConfig (root: string, folder: string): Promise<ModelConfig> {
  const { value, file } = await readJson(root, folder, 'model.json')
  const config = checkConfig(value, file)
  const { batching: { max_delay_us: maxDelayUs }, queue: { timeout_ms: timeoutMs } } = config
  if (maxDelayUs >= timeoutMs * 1000) {
    throw new EntryError(file, `: batching.max_delay_us lets a request wait ${maxDelayUs} µs for company, but queue.timeout_ms ends it after ${timeoutMs} ms`, 'batching.max_delay_us')
  }
  return config
}

/** What a model without `model.json` is served with. */
export function defaultConfig (): ModelConfig {
  return checkConfig({}, 'model.json')
}
