import type { Dirent } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Artefact } from './artefact.js'
import { readBackground, readMetadata, readTests } from './contents.js'
import { EntryError, toProblem } from './errors.js'
import { foreignAdvice, isForeign, listFolder, resolveInside, showPath, takeFingerprint } from './files.js'

const documentNames = ['metadata.json', 'background.json', 'tests.json']

/** Where a version lies. All paths are absolute. */
export interface VersionPlace {
  model: string
  version: string
  /** Real path that nothing may leave by a symbolic link. */
  root: string
  /** The folder inside `root`, symbolic links not resolved. */
  folder: string
  /** Name of the .onnx file in it. */
  file: string
  /** The .onnx file shares its folder with other models: the JSON files there are not its own. */
  bare: boolean
}

/** Versions as they were read last: what did not change on disk is not parsed again. By model and version. */
export type ArtefactCache = Map<string, Artefact>

/** Files of a bare model: `iris.onnx` itself and what exporters write beside it, such as `iris.onnx.data` or `iris.bin`. */
function belongs (name: string, file: string): boolean {
  const stem = file.slice(0, -'.onnx'.length)
  return name.startsWith(file) || (name.startsWith(`${stem}.`) && !name.endsWith('.onnx'))
}

async function checkModelFile ({ root, folder, file }: VersionPlace, entries: readonly Dirent[]): Promise<void> {
  const path = join(folder, file)
  if (!entries.some(({ name }) => name === file)) {
    const foreign = entries.find(({ name }) => isForeign(name))
    if (foreign) throw new EntryError(showPath(root, join(folder, foreign.name)), `: ${foreignAdvice}`)
    const other = entries.find(({ name }) => name.endsWith('.onnx'))
    if (other) throw new EntryError(showPath(root, join(folder, other.name)), `: is not read, the model of a version is called ${file}; rename it`)
    throw new EntryError(showPath(root, path), `: is missing; a version folder holds ${file} and, if wanted, ${documentNames.join(', ')}`)
  }
  await resolveInside(root, path)
  const stats = await stat(path)
  if (!stats.isFile()) throw new EntryError(showPath(root, path), ': is not a file')
  if (stats.size === 0) throw new EntryError(showPath(root, path), ': is empty (0 bytes)')
}

async function readDocuments ({ root, folder }: VersionPlace, entries: readonly Dirent[]): Promise<Pick<Artefact, 'metadata' | 'background' | 'tests' | 'warnings'>> {
  const names = new Set(entries.map(({ name }) => name))
  const described = names.has('metadata.json') ? await readMetadata(root, folder) : undefined
  const reference = names.has('background.json') ? await readBackground(root, folder, described?.metadata) : undefined
  const tests = names.has('tests.json') ? await readTests(root, folder) : undefined
  const strays = [...names].filter((name) => name.endsWith('.json') && name !== 'model.json' && !documentNames.includes(name))
  return {
    ...(described && { metadata: described.metadata }),
    ...(reference && { background: reference.background }),
    ...(tests && { tests }),
    warnings: [
      ...described?.warnings ?? [],
      ...reference?.warnings ?? [],
      ...strays.map((name) => `${showPath(root, join(folder, name))}: is not read; the files of a version are ${documentNames.join(', ')}`)
    ]
  }
}

/** Reads and checks one version. Never rejects: what is wrong with it becomes its `error`. */
export async function readVersion (place: VersionPlace, cache: ArtefactCache): Promise<Artefact> {
  const { model, version, root, folder, file, bare } = place
  const key = `${model}/${version}`
  const artefact: Artefact = { model, version, path: join(folder, file), file: showPath(root, join(folder, file)), folder, fingerprint: '', warnings: [] }
  try {
    artefact.folder = await resolveInside(root, folder)
    artefact.path = join(artefact.folder, file)
    const all = await listFolder(folder)
    const entries = bare ? all.filter(({ name }) => belongs(name, file)) : all
    artefact.fingerprint = await takeFingerprint(folder, entries)
    const known = cache.get(key)
    if (known?.fingerprint === artefact.fingerprint && known.path === artefact.path) return known
    await checkModelFile(place, entries)
    if (!bare) Object.assign(artefact, await readDocuments(place, entries))
    cache.set(key, artefact)
  } catch (error) {
    artefact.error = toProblem(error, showPath(root, bare ? join(folder, file) : folder))
  }
  return artefact
}
