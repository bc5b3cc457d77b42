import { access, chmod, copyFile, mkdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Artefact, StoredModel } from '../plugins/models/store/artefact.js'
import { defaultConfig } from '../plugins/models/store/contents.js'
import { ModelStore } from '../plugins/models/store/store.js'
import { versionPattern, type ModelConfig } from '../schemas/model-config.js'
import { locateExternalData } from '../workers/external-data.js'
import { readGraph } from '../workers/onnx-graph/graph.js'

const versionName = new RegExp(versionPattern)

export interface FoundModel {
  artefact: Artefact
  /** What its `model.json` says other than the defaults, where it can be said of a single version. */
  config: Partial<ModelConfig>
}

/** Finds the version that `path` names, under a name that the store accepts. Rejects with one line that says why there is none. */
export async function findModel (path: string, project: string): Promise<FoundModel> {
  const { models: [model] } = await new ModelStore({ path, name: nameModel(path, project) }).read()
  const artefact = model?.versions.find(({ version }) => version === model.wanted[0]) ?? model?.versions[0]
  const problem = model?.error ?? artefact?.error
  if (problem !== undefined) throw new Error(problem.message)
  if (model === undefined || artefact === undefined) throw new Error(`${path} holds no model`)
  return { artefact, config: keepConfig(model) }
}

/** The project has one version, number 1, and names its default model in its settings. */
function keepConfig ({ config: { versions: _versions, labels: _labels, default: _default, ...config } }: StoredModel): Partial<ModelConfig> {
  const defaults = new Map(Object.entries(defaultConfig()))
  return Object.fromEntries(Object.entries(config).filter(([key, value]) => !isDeepStrictEqual(value, defaults.get(key))))
}

/** Copies the graph, its external data and its documents into a version folder. */
export async function copyModel (artefact: Artefact, folder: string): Promise<void> {
  const externalData = await listData(artefact.path)
  const documents = (['metadata', 'background', 'tests'] as const).filter((name) => artefact[name] !== undefined).map((name) => `${name}.json`)
  await copy(artefact.path, join(folder, 'model.onnx'))
  for (const file of documents) await copy(join(artefact.folder, file), join(folder, file))
  for (const location of externalData) {
    const path = await locateExternalData(artefact.folder, location)
    await access(path).catch((cause) => { throw new Error(`the model keeps its weights in ${location}, which is not beside it`, { cause }) })
    await copy(path, join(folder, relative(artefact.folder, resolve(artefact.folder, location))))
  }
}

async function listData (path: string): Promise<string[]> {
  const bytes = await readFile(path)
  try {
    return readGraph(bytes).externalData
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** A file called model.onnx is named by its model folder, or else by the project. */
function nameModel (path: string, project: string): string {
  const absolute = resolve(path)
  const stem = basename(absolute).replace(/\.onnx$/i, '')
  const folder = stem === 'model' ? dirname(absolute) : absolute
  const name = versionName.test(basename(folder)) ? basename(dirname(folder)) : stem === 'model' ? basename(resolve(project)) : stem
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '').slice(0, 128) || 'model'
}

/** The image runs as another user than the one who built it. */
async function copy (from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await copyFile(from, to)
  await chmod(to, 0o644)
}
