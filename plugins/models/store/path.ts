import type { Dirent } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { versionPattern } from '../../../schemas/model-config.js'
import type { StoredModel } from './artefact.js'
import { errorCode, explainFailure, StoreError, StoreMissingError } from './errors.js'
import { foreignAdvice, isForeign, listFolder } from './files.js'
import { applyConfig, createModel, isVersion, readModelFolder } from './model.js'
import { explainName } from './names.js'
import { readVersion, type ArtefactCache } from './version.js'

const setting = 'MODEL_PATH'
const versionName = new RegExp(versionPattern)

interface Single {
  root: string
  model: StoredModel
}

function checkName (name: string, path: string): string {
  const reason = explainName(name)
  if (reason) throw new StoreError(setting, `the model at ${path} would be named ${JSON.stringify(name)}: ${reason}`)
  return name
}

/** A folder whose .onnx file is the model: a version folder of a store, or a mount that holds one model. */
async function readArtefactFolder (path: string, file: string, given: string | undefined, cache: ArtefactCache): Promise<Single> {
  const root = await realpath(path)
  const numbered = versionName.test(basename(path)) && file === 'model.onnx'
  const parent = dirname(path)
  const derived = file === 'model.onnx' ? basename(numbered ? parent : path) : file.slice(0, -'.onnx'.length)
  const name = checkName(given ?? derived, path)
  const version = await readVersion({ model: name, version: numbered ? basename(path) : '1', root, folder: root, file, bare: false }, cache)
  const configFolder = numbered ? await realpath(parent) : root
  const model = await applyConfig(createModel(name, [version]), configFolder, configFolder, await listFolder(configFolder), true)
  return { root, model }
}

async function readFile (path: string, given: string | undefined, cache: ArtefactCache): Promise<Single> {
  const file = basename(path)
  if (isForeign(file)) throw new StoreError(setting, `${path} ${foreignAdvice}`)
  if (!file.endsWith('.onnx')) throw new StoreError(setting, `${path} is neither an .onnx file nor a folder`)
  if (file === 'model.onnx') return await readArtefactFolder(dirname(path), file, given, cache)
  const root = await realpath(dirname(path))
  const name = checkName(given ?? file.slice(0, -'.onnx'.length), path)
  return { root, model: createModel(name, [await readVersion({ model: name, version: '1', root, folder: root, file, bare: true }, cache)]) }
}

function explainUnfit (path: string, entries: readonly Dirent[]): string {
  const files = entries.filter(({ name }) => name.endsWith('.onnx')).map(({ name }) => name)
  if (files.length > 1) return `${path} holds several models (${files.join(', ')}): name one of them, or set MODEL_STORE to serve them all`
  const foreign = entries.find(({ name }) => isForeign(name))
  if (foreign) return `${join(path, foreign.name)} ${foreignAdvice}`
  return `${path} holds no model: expected model.onnx, version folders such as 1/model.onnx, or a single .onnx file (a folder of models is named by MODEL_STORE)`
}

async function readFolder (path: string, given: string | undefined, cache: ArtefactCache): Promise<Single> {
  const entries = await listFolder(path)
  const files = entries.filter(({ name }) => name.endsWith('.onnx')).map(({ name }) => name)
  // As in a store, where version folders are what counts.
  if (entries.some(isVersion)) {
    const root = await realpath(path)
    return { root, model: await readModelFolder(checkName(given ?? basename(path), path), root, root, cache) }
  }
  if (files.includes('model.onnx')) return await readArtefactFolder(path, 'model.onnx', given, cache)
  const [file, ...others] = files
  if (file === undefined || others.length > 0) throw new StoreError(setting, explainUnfit(path, entries))
  return await readArtefactFolder(path, file, given, cache)
}

/**
 * Reads the one model that MODEL_PATH names: an .onnx file, a version folder, a model folder, or a mount that holds one model.
 * `given` is its name; without it the file or folder names it. Rejects with a `StoreError` when there can be no model at all.
 */
export async function readSingle (path: string, given: string | undefined, cache: ArtefactCache): Promise<Single> {
  const absolute = resolve(path)
  try {
    const stats = await stat(absolute)
    return stats.isDirectory() ? await readFolder(absolute, given, cache) : await readFile(absolute, given, cache)
  } catch (error) {
    if (error instanceof StoreError) throw error
    if (errorCode(error) === 'ENOENT') throw new StoreMissingError(setting, `there is nothing at ${absolute}`, { cause: error })
    throw new StoreError(setting, `${absolute}: ${explainFailure(error)}`, { cause: error })
  }
}
