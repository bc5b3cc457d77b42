import type { TensorSpec } from './tensor.js'

export type FeatureType = 'numeric' | 'integer' | 'boolean' | 'string' | 'category' | 'vector'
export type FeatureValue = number | string | boolean | null

/** One named feature of a model, resolved: what a record may hold for it and where it goes in the tensors. */
export interface Feature {
  name: string
  type: FeatureType
  /** Index into `InputLayout.inputs`. */
  input: number
  /** First column of that input it fills; 0 where the input is its own. */
  column: number
  /** Elements it fills: 1, or the product of `shape` for a vector. */
  size: number
  /** Dimensions of a vector, without the batch dimension. */
  shape?: number[]
  /** Used when the feature is absent, or null (unless `acceptsMissing` is explicitly false). */
  default?: FeatureValue
  /** Absent when the metadata does not say: then null takes the default, and without one is refused. */
  acceptsMissing?: boolean
  /** Nobody says that it may be missing, but the model has an answer to it: null may stand for it, and it must be there. */
  nullable?: boolean
  categories?: (string | number)[]
  minimum?: number
  maximum?: number
  description?: string
  unit?: string
  importance?: number
  /** A plausible value: the default, a background row's or the middle of the range. */
  example?: unknown
}

/** How records and rows become tensors. Plain data: it can be sent to a thread. */
export interface InputLayout {
  inputs: TensorSpec[]
  /** `columns`: one tensor whose columns are the features; `inputs`: one tensor per feature. */
  kind: 'columns' | 'inputs'
  /** Absent when nothing names the columns: then only rows and named tensors are understood. */
  features?: Feature[]
  /** Whether null may stand for a number where nothing names the columns, or for which column of a row: where the model has an answer to it. Absent: for all. */
  acceptsMissing?: boolean | boolean[]
  /** Elements of a positional row; absent when the graph does not fix it. */
  width?: number
}

export type Task = 'BINARY_CLASSIFICATION' | 'MULTICLASS_CLASSIFICATION' | 'REGRESSION' | 'OTHER'

/** Which output tensor plays which part; indices into `ModelSpecification.outputs`. */
export interface OutputRoles {
  label?: number
  probabilities?: number
  value?: number
  scores?: number
  logits?: number
}

export type ClassLabel = string | number

/** Everything about one model version that does not change while it is loaded. */
export interface ModelSpecification {
  layout: InputLayout
  outputs: TensorSpec[]
  roles: OutputRoles
  task: Task
  /** Labels as the model emits them, by position in the probabilities. */
  classes?: ClassLabel[]
  /** Names by the same positions: metadata's `class_names`, else the labels as strings. */
  classNames?: string[]
  targetNames?: string[]
  decisionThreshold?: number
  /** The label comes from the probabilities: ONNX Runtime's own is known to contradict them for this graph. */
  labelFromProbabilities: boolean
  /** Every first dimension is symbolic or unset, so rows of different requests may be merged. */
  batchable: boolean
}
