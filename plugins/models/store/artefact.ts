import type { Background } from '../../../schemas/background.js'
import type { GoldenTests } from '../../../schemas/golden-tests.js'
import type { Metadata } from '../../../schemas/metadata.js'
import type { ModelConfig } from '../../../schemas/model-config.js'

/** Why something on disk cannot be served. `message` is one line that names file and field; both are relative to the store. */
export interface StoreProblem {
  file: string
  /** Path inside a JSON file, such as `batching.max_rows` or `features[2].type`. */
  field?: string
  message: string
}

/** One version of a model as it lies on disk, checked as far as possible without opening the ONNX file. */
export interface Artefact {
  model: string
  version: string
  /** Absolute path of the .onnx file, directly inside `folder`. */
  path: string
  /** The same relative to the store, as messages show it. */
  file: string
  /** Real folder that external data must stay inside. */
  folder: string
  metadata?: Metadata
  background?: Background
  tests?: GoldenTests
  /** Another text whenever a file of the version was added, removed or rewritten (names, sizes, modification times). */
  fingerprint: string
  warnings: string[]
  /** Present: the version must not be loaded. */
  error?: StoreProblem
}

/** A model of the store with all its versions, the highest first. */
export interface StoredModel {
  name: string
  /** `model.json` with defaults; the defaults alone when there is none or when it is broken. */
  config: ModelConfig
  versions: Artefact[]
  /** Versions that the policy or a label asks for and that exist, the highest first; broken ones included. Empty when `error` is present. */
  wanted: string[]
  /** Label to version; only labels whose version exists. */
  labels: Record<string, string>
  fingerprint: string
  warnings: string[]
  /** Present: nothing of this model may be loaded anew; what is already loaded may stay. */
  error?: StoreProblem
}

/** An entry of the store that cannot become a model, with the reason. */
export interface RefusedEntry {
  entry: string
  error: StoreProblem
}

export interface StoreListing {
  /** Real path of what was read. */
  root: string
  /** By name. */
  models: StoredModel[]
  refused: RefusedEntry[]
  warnings: string[]
}
