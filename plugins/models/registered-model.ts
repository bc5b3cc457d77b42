import type { VersionPolicy } from '../../schemas/model-config.js'
import type { Model } from './model.js'
import type { Artefact, StoredModel } from './store/artefact.js'
import { compareVersions } from './store/model.js'

/** The reason of what was taken out of service on request. */
export const unloaded = 'unloaded'

export type VersionState = 'READY' | 'LOADING' | 'UNAVAILABLE'

/** One version that the registry knows of. */
export interface RegisteredVersion {
  version: string
  state: VersionState
  /** Why it is not what the store says it should be; empty when all is well. */
  reason: string
  artefact: Artefact
  /** Present while it serves. */
  model?: Model
}

export interface RegisteredModel {
  name: string
  labels: Record<string, string>
  /** What is wrong with the model as a whole; empty when all is well. */
  reason: string
  versions: Map<string, RegisteredVersion>
  stored: StoredModel
}

/** Which version answers when none is named. */
export function findNewest ({ versions, stored: { config } }: RegisteredModel): Model | undefined {
  let newest: Model | undefined
  for (const { model } of versions.values()) {
    if (model !== undefined && (newest === undefined || precedes(model, newest, config.versions))) newest = model
  }
  return newest
}

/** One that runs before one that does not, one that the policy names before one that merely has a label, then the higher. */
function precedes (model: Model, other: Model, policy: VersionPolicy): boolean {
  if (isUp(model) !== isUp(other)) return isUp(model)
  const isNamed = ({ version }: Model) => !Array.isArray(policy) || policy.includes(version)
  if (isNamed(model) !== isNamed(other)) return isNamed(model)
  return compareVersions(model.version, other.version) < 0
}

/** Whether a model is there and can be run. */
export function isUp (model: Model | undefined): boolean {
  return model !== undefined && model.failure === undefined
}

/** What was unloaded on request did not fail. */
export function isFailed ({ model, reason }: RegisteredVersion): boolean {
  return model?.failure !== undefined || (reason !== '' && reason !== unloaded)
}

/** Whether it serves, or may once it is loaded. */
export function mayServe ({ versions, stored }: RegisteredModel): boolean {
  return [...versions.values()].some((version) => version.model !== undefined || (stored.error === undefined && !isFailed(version)))
}

/** A label goes to a version that serves, and until there is one stays where it is. */
export function moveLabels ({ labels, versions }: RegisteredModel, wanted: Record<string, string>, served: Set<string>): Record<string, string> {
  // Labels are looked up by the text of a request, and `constructor` is none.
  const moved: Record<string, string> = Object.create(null)
  for (const [label, version] of Object.entries(wanted)) {
    const current = labels[label]
    const stays = !served.has(version) && current !== undefined && versions.get(current)?.model !== undefined
    moved[label] = stays ? current : version
  }
  return moved
}
