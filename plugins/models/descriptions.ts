import type { Feature } from '../../codecs/specification.js'
import type { TensorSpec } from '../../codecs/tensor.js'
import type { FeatureDescription, ModelDescription, TensorDescription, VersionDescription } from '../../schemas/model.js'
import type { RegisteredModel, RegisteredVersion } from './registered-model.js'

export function describeModel (entry: RegisteredModel, isDefault: boolean): ModelDescription {
  const versions = [...entry.versions.values()].sort((a, b) => Number(b.version) - Number(a.version))
  return { name: entry.name, default: isDefault, labels: entry.labels, reason: entry.reason, warnings: entry.stored.warnings, versions: versions.map(describeVersion) }
}

export function describeVersion ({ version, state, reason, artefact, model }: RegisteredVersion): VersionDescription {
  if (model === undefined) return { version, state, reason, warnings: artefact.warnings }
  const { failure, specification: { task, classNames, layout, outputs }, lane: { description }, unmerged, loadedAt, loadMs } = model
  return {
    version,
    state: failure === undefined ? state : 'UNAVAILABLE',
    reason: failure ?? reason,
    warnings: [...model.warnings],
    task,
    ...(classNames !== undefined && { class_names: classNames }),
    inputs: layout.inputs.map(describeTensor),
    outputs: outputs.map(describeTensor),
    ...(layout.features !== undefined && { features: layout.features.map(describeFeature) }),
    batched: unmerged === undefined,
    loaded_at: loadedAt.toISOString(),
    load_ms: loadMs,
    bytes: description.bytes,
    sha256: description.sha256
  }
}

export function describeTensor ({ name, type, dims }: TensorSpec): TensorDescription {
  return { name, type, shape: dims.map((dim) => dim < 0 ? null : dim) }
}

/** A feature with the keys of `metadata.json`. */
export function describeFeature ({ input: _input, column: _column, size: _size, acceptsMissing, nullable: _nullable, example: _example, ...feature }: Feature): FeatureDescription {
  return { ...feature, ...(acceptsMissing !== undefined && { accepts_missing: acceptsMissing }) }
}
