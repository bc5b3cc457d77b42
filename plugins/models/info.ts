import type { ModelInfo } from '../../schemas/info.js'
import type { Graph } from '../../workers/contract.js'
import { describeFeature, describeTensor } from './descriptions.js'
import type { Model } from './model.js'

/** Libraries by the root of the class a model was exported from, and by what wrote the file. */
const families: [RegExp, string][] = [
  [/^(sklearn|skl2onnx)/i, 'scikit-learn'],
  [/^lightgbm/i, 'lightgbm'],
  [/^xgboost/i, 'xgboost'],
  [/^catboost/i, 'catboost'],
  [/^(torch|pytorch)/i, 'pytorch'],
  [/^(tf2onnx|tensorflow|keras)/i, 'tensorflow']
]
const explainable = /^(TreeEnsemble|Linear)/
/** Of which a linear model can be made without a node of its own; a second layer needs an activation between. */
const affine = new Set(['Gemm', 'MatMul', 'Add', 'Sub', 'Mul', 'Div', 'Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Constant'])

/** Everything `GET /info` says about one model. */
export function describeInfo (model: Model): ModelInfo {
  const { name, version, artefact: { metadata = {} }, specification: { task, classNames, layout, outputs }, lane: { description }, unmerged } = model
  const { features: _features, training, ...annotations } = metadata
  const operator = findPredictor(description.graph)
  return {
    metadata: { ...annotations, features: (layout.features ?? []).map((feature) => describeFeature(feature)) },
    model: {
      name,
      version,
      type: operator,
      predictor_type: metadata.estimator ?? operator,
      family: findFamily(metadata.estimator, description.graph),
      task,
      is_explainable: isExplainable(description.graph),
      ...(classNames !== undefined && { class_names: classNames })
    },
    input_shape: inputShape(model),
    inputs: layout.inputs.map(describeTensor),
    outputs: outputs.map(describeTensor),
    runtime: description.runtime,
    load_ms: model.loadMs,
    loaded_at: model.loadedAt.toISOString(),
    bytes: description.bytes,
    sha256: description.sha256,
    batched: unmerged === undefined,
    ...(training !== undefined && { training })
  }
}

/** Whether predictions can be explained without samples from the client: trees and linear models can. */
export function isExplainable ({ operators }: Pick<Graph, 'operators'>): boolean {
  return operators.some((operator) => explainable.test(operator)) || operators.every((operator) => affine.has(operator))
}

/** The operator that makes the prediction: a classifier node, else what the first output comes from. */
function findPredictor ({ classifiers, outputs, producers, operators }: Graph): string {
  const first = outputs[0]
  return classifiers[0]?.operator ?? (first && producers[first.name]) ?? operators.at(-1) ?? 'unknown'
}

function findFamily (estimator: string | undefined, { producer }: Graph): string {
  const origin = estimator ?? producer
  return families.find(([pattern]) => pattern.test(origin))?.[1] ?? 'onnx'
}

/** Rows and features; the inputs themselves are told apart beside it. */
function inputShape ({ specification: { layout } }: Model): (number | null)[] {
  const [input, ...others] = layout.inputs
  if (input !== undefined && others.length === 0) return input.dims.map((dim) => dim < 0 ? null : dim)
  return [null, layout.features?.length ?? layout.inputs.length]
}
