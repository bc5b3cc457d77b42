import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { versionPattern, type ModelConfig } from '../../../schemas/model-config.js'
import type { Artefact, StoredModel, StoreProblem } from './artefact.js'
import { defaultConfig, readConfig } from './contents.js'
import { EntryError, toProblem } from './errors.js'
import { foreignAdvice, hashLines, isFolder, isForeign, listFolder, resolveInside, showPath, takeFingerprint } from './files.js'
import { readVersion, type ArtefactCache } from './version.js'

const versionName = new RegExp(versionPattern)

/** Orders version numbers of any length, the highest first. */
export function compareVersions (a: string, b: string): number {
  return b.length - a.length || (a < b ? 1 : a > b ? -1 : 0)
}

/** Without a prototype: labels are looked up by the text of a request, and `constructor` is none. */
function noLabels (): StoredModel['labels'] {
  return Object.create(null)
}

/** A model by itself, before or without anything read from its folder. */
export function createModel (name: string, versions: Artefact[] = []): StoredModel {
  return {
    name,
    config: defaultConfig(),
    versions,
    wanted: versions.map(({ version }) => version),
    labels: noLabels(),
    fingerprint: hashLines(versions.map(({ fingerprint }) => fingerprint)),
    warnings: []
  }
}

/** A model that cannot be loaded, for the given reason. */
export function createBrokenModel (name: string, error: StoreProblem, versions: Artefact[] = []): StoredModel {
  return { ...createModel(name, versions), wanted: [], error }
}

/** Whether the entry is meant as a version folder; a symbolic link is, wherever it leads. */
export function isVersion (entry: Dirent): boolean {
  return versionName.test(entry.name) && (entry.isDirectory() || entry.isSymbolicLink())
}

function selectVersions ({ versions, labels }: ModelConfig, existing: readonly string[], file: string): Pick<StoredModel, 'wanted' | 'labels' | 'warnings'> {
  const warnings: string[] = []
  const missing = (field: string, version: string) => warnings.push(`${file}: ${field} names version ${version}, which does not exist; it is ignored`)
  const wanted = new Set(versions === 'all' ? existing : existing.slice(0, 1))
  if (Array.isArray(versions)) {
    wanted.clear()
    for (const version of versions) {
      if (existing.includes(version)) wanted.add(version)
      else missing('versions', version)
    }
    if (wanted.size === 0) throw new EntryError(file, `: versions asks for ${versions.join(', ')}, but there is only ${existing.join(', ')}`, 'versions')
  }
  const resolved = noLabels()
  for (const [label, version] of Object.entries(labels)) {
    if (existing.includes(version)) {
      resolved[label] = version
      wanted.add(version)
    } else {
      missing(`labels.${label}`, version)
    }
  }
  return { wanted: [...wanted].sort(compareVersions), labels: resolved, warnings }
}

function explainEmpty (root: string, folder: string, entries: readonly Dirent[]): EntryError {
  const wanted = showPath(root, join(folder, '1/model.onnx'))
  const foreign = entries.find(({ name }) => isForeign(name))
  if (foreign) return new EntryError(showPath(root, join(folder, foreign.name)), `: ${foreignAdvice}`)
  const file = entries.find(({ name }) => name.endsWith('.onnx'))
  if (file) return new EntryError(showPath(root, join(folder, file.name)), `: is in no version folder; move it to ${wanted}`)
  return new EntryError(wanted, ': is missing, there is no version folder')
}

async function warnOfStrays (root: string, folder: string, entries: readonly Dirent[]): Promise<string[]> {
  const warnings: string[] = []
  for (const entry of entries) {
    const shown = showPath(root, join(folder, entry.name))
    if (isVersion(entry)) continue
    if (await isFolder(folder, entry)) warnings.push(`${shown}: is ignored, a version folder is named by a positive number without leading zeros`)
    else if (versionName.test(entry.name)) warnings.push(`${shown}: is ignored, a version must be a folder`)
  }
  return warnings
}

/** Applies the `model.json` of a folder, if there is one, to a model whose versions are read. `only`: its choice of versions has no say. */
export async function applyConfig (model: StoredModel, root: string, folder: string, entries: readonly Dirent[], only = false): Promise<StoredModel> {
  const file = entries.filter(({ name }) => name === 'model.json')
  const fingerprint = hashLines([model.fingerprint, await takeFingerprint(folder, file)])
  const existing = model.versions.map(({ version }) => version)
  const path = showPath(root, join(folder, 'model.json'))
  try {
    const config = file.length > 0 ? await readConfig(root, folder) : defaultConfig()
    const { wanted, labels, warnings } = selectVersions(only ? { ...config, versions: 'all' } : config, existing, path)
    return { ...model, config, wanted, labels, fingerprint, warnings: [...model.warnings, ...only ? [] : warnings] }
  } catch (error) {
    return { ...createBrokenModel(model.name, toProblem(error, path), model.versions), fingerprint, warnings: model.warnings }
  }
}

/** Reads the model folder `folder` inside the real path `root`. Never rejects: what is wrong becomes the `error` of the model or of a version. */
export async function readModelFolder (name: string, root: string, folder: string, cache: ArtefactCache): Promise<StoredModel> {
  try {
    await resolveInside(root, folder)
    const entries = await listFolder(folder)
    const numbers = entries.filter(isVersion).map((entry) => entry.name).sort(compareVersions)
    const versions = await Promise.all(numbers.map((version) => readVersion({ model: name, version, root, folder: join(folder, version), file: 'model.onnx', bare: false }, cache)))
    const warnings = await warnOfStrays(root, folder, entries)
    if (versions.length === 0) return { ...createBrokenModel(name, explainEmpty(root, folder, entries).problem), warnings }
    return await applyConfig({ ...createModel(name, versions), warnings }, root, folder, entries)
  } catch (error) {
    return createBrokenModel(name, toProblem(error, showPath(root, folder)))
  }
}
