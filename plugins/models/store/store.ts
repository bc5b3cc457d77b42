import type { Dirent } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { RefusedEntry, StoredModel, StoreListing } from './artefact.js'
import { EntryError, errorCode, explainFailure, StoreError, StoreMissingError } from './errors.js'
import { foreignAdvice, isFolder, isForeign, listFolder } from './files.js'
import { createModel, readModelFolder } from './model.js'
import { explainName } from './names.js'
import { readSingle } from './path.js'
import { readVersion, type ArtefactCache } from './version.js'

export interface StoreOptions {
  /** Folder of models (MODEL_STORE). */
  store?: string
  /** One model instead of a store (MODEL_PATH). */
  path?: string
  /** Name of the model at `path`; without it the file or folder names it. */
  name?: string
}

interface Contents {
  folders: Set<string>
  files: Set<string>
  refused: RefusedEntry[]
  warnings: string[]
}

/** Files people and exporters leave in a store that are nobody's mistake: notes, and the external data of bare models. */
const quietFile = /\.(md|txt|data|bin|weights|onnx_data)$/

function refuse (entry: string, reason: string): RefusedEntry {
  return { entry, error: new EntryError(entry, `: ${reason}`).problem }
}

function sortFile ({ name: entry }: Dirent, contents: Contents): void {
  if (isForeign(entry)) {
    contents.refused.push(refuse(entry, foreignAdvice))
  } else if (!entry.endsWith('.onnx')) {
    if (!quietFile.test(entry)) contents.warnings.push(`${entry}: is ignored, it is neither an .onnx file nor a model folder`)
  } else {
    const name = entry.slice(0, -'.onnx'.length)
    const reason = contents.folders.has(name) ? `model ${name} is there twice, as ${name}/ and as ${entry}; remove one of them` : explainName(name)
    if (reason) contents.refused.push(refuse(entry, reason))
    else contents.files.add(name)
  }
}

async function sortEntries (root: string, entries: readonly Dirent[]): Promise<Contents> {
  const contents: Contents = { folders: new Set(), files: new Set(), refused: [], warnings: [] }
  const files: Dirent[] = []
  for (const entry of entries) {
    const reason = explainName(entry.name)
    if (!await isFolder(root, entry)) files.push(entry)
    else if (reason) contents.refused.push(refuse(entry.name, reason))
    else contents.folders.add(entry.name)
  }
  for (const entry of files) sortFile(entry, contents)
  return contents
}

function warnOfDefaults (models: readonly StoredModel[]): string[] {
  const [first, ...others] = models.filter(({ config }) => config.default)
  return others.map(({ name }) => `${name}/model.json: default is true, as it is in ${first?.name}/model.json, which comes first`)
}

/** The artefacts on disk: reads them, checks them, remembers nothing but what did not change. Knows nothing of what is loaded. */
export class ModelStore {
  readonly #options: StoreOptions
  readonly #cache: ArtefactCache = new Map()

  constructor (options: StoreOptions) {
    this.#options = options
  }

  /** Everything there is. Rejects with a `StoreError` when the setting names no store or model; a broken entry carries its own `error`. */
  async read (): Promise<StoreListing> {
    if (this.#options.path !== undefined) {
      const { root, model } = await readSingle(this.#options.path, this.#options.name, this.#cache)
      return { root, models: [model], refused: [], warnings: [] }
    }
    const { root, contents } = await this.#open()
    const names = [...contents.folders, ...contents.files].sort()
    const models = await Promise.all(names.map((name) => this.#readEntry(name, root, contents)))
    this.#forget(models)
    return { root, models, refused: contents.refused, warnings: [...contents.warnings, ...warnOfDefaults(models)] }
  }

  /** One model by its name, whatever text that is; undefined when the store has none. Rejects like `read`. */
  async readModel (name: string): Promise<StoredModel | undefined> {
    if (this.#options.path !== undefined) {
      const { model } = await readSingle(this.#options.path, this.#options.name, this.#cache)
      return model.name === name ? model : undefined
    }
    const { root, contents } = await this.#open()
    return contents.folders.has(name) || contents.files.has(name) ? await this.#readEntry(name, root, contents) : undefined
  }

  async #open (): Promise<{ root: string, contents: Contents }> {
    const folder = resolve(this.#options.store ?? 'model-store')
    try {
      const root = await realpath(folder)
      return { root, contents: await sortEntries(root, await listFolder(root)) }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw new StoreMissingError('MODEL_STORE', `there is no folder ${folder}`, { cause: error })
      throw new StoreError('MODEL_STORE', errorCode(error) === 'ENOTDIR' ? `${folder} is not a folder` : `${folder}: ${explainFailure(error)}`, { cause: error })
    }
  }

  async #readEntry (name: string, root: string, { folders }: Contents): Promise<StoredModel> {
    if (folders.has(name)) return await readModelFolder(name, root, join(root, name), this.#cache)
    return createModel(name, [await readVersion({ model: name, version: '1', root, folder: root, file: `${name}.onnx`, bare: true }, this.#cache)])
  }

  #forget (models: readonly StoredModel[]): void {
    const present = new Set(models.flatMap(({ name, versions }) => versions.map(({ version }) => `${name}/${version}`)))
    for (const key of this.#cache.keys()) {
      if (!present.has(key)) this.#cache.delete(key)
    }
  }
}
