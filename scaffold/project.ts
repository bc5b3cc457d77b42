import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import type { Feature } from '../codecs/specification.js'
import { errorCode } from '../plugins/models/store/errors.js'
import type { Metadata } from '../schemas/metadata.js'
import type { ModelConfig } from '../schemas/model-config.js'
import { copyModel, findModel } from './model-files.js'
import { describeProject } from './readme.js'
import { quotePath } from './shell.js'
import { tryModel, type ServedModel } from './served-model.js'

export interface ProjectOptions {
  /** Folder of this server: its package.json, dist/ and Containerfile. */
  server: string
  /** Folder that becomes the project: a new or an empty one. */
  target: string
  model: string
  port: number
  /** Features as JSON; for a model whose file names none. */
  inputSchema?: string
}

/** What the files of a project are made from. */
export interface Project {
  name: string
  /** The server's folder as seen from the project. */
  server: string
  port: number
  /** -1 where there is none: behind the last port. */
  grpcPort: number
  model: ServedModel
  /** What the project says in its `model.json`; empty when it has none. */
  config: Partial<ModelConfig>
}

/** Writes a project that serves the model, after having served it once. Rejects with one line, and leaves nothing behind, when that is not possible. */
export async function createProject ({ server, target, model, port, inputSchema }: ProjectOptions): Promise<Project> {
  const { artefact, config } = await findModel(model, target)
  if (inputSchema !== undefined && artefact.metadata?.features !== undefined) throw new Error('--input-schema: the metadata.json beside the model names its features already')
  const remove = await claimFolder(target)
  try {
    const store = join(target, 'model-store')
    const version = join(store, artefact.model, '1')
    await copyModel(artefact, version)
    if (Object.keys(config).length > 0) await writeJson(join(store, artefact.model, 'model.json'), config)
    let served = await tryModel({ store, name: artefact.model, ...(inputSchema !== undefined && { inputSchema }) })
    if (served.features !== undefined && (inputSchema !== undefined || artefact.metadata === undefined)) {
      await writeMetadata(version, artefact.metadata, served.features)
      // What the project serves are these files, without the schema.
      served = await tryModel({ store, name: artefact.model })
    }
    const project = { name: nameProject(target), server: relative(target, server).split(sep).join('/'), port, grpcPort: port < 65535 ? port + 1 : -1, model: served, config }
    await writeJson(join(target, 'package.json'), describePackage(project))
    await writeJson(join(target, 'server.config.json'), describeSettings(project))
    await writeFile(join(target, 'Containerfile'), describeImage)
    await writeFile(join(target, 'README.md'), describeProject(project))
    return project
  } catch (error) {
    await remove()
    throw error
  }
}

/** Makes sure that the folder is there and empty. Returns how to bring back what was there before. */
async function claimFolder (target: string): Promise<() => Promise<void>> {
  try {
    const created = await mkdir(target, { recursive: true })
    if (created !== undefined) return async () => { await rm(created, { recursive: true, force: true }) }
    const entries = await readdir(target)
    if (entries.length > 0) throw new Error(`${target} is not empty (${entries.slice(0, 3).join(', ')}); name a new folder`)
  } catch (error) {
    const code = errorCode(error)
    throw code === undefined ? error : new Error(`${target} cannot become the project: ${code === 'EEXIST' || code === 'ENOTDIR' ? 'there is a file of that name' : code}`, { cause: error })
  }
  return async () => {
    for (const entry of await readdir(target)) await rm(join(target, entry), { recursive: true, force: true })
  }
}

function nameProject (target: string): string {
  return basename(resolve(target)).toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '') || 'model-service'
}

/** Gives names, types and categories a file of their own, where more can be said of them. */
async function writeMetadata (folder: string, metadata: Metadata | undefined, features: Feature[]): Promise<void> {
  await writeJson(join(folder, 'metadata.json'), {
    ...metadata,
    features: features.map(({ name, type, shape, categories }) => ({ name, type, ...(shape && { shape }), ...(categories && { categories }) }))
  })
}

/** As in the server's own package.json: without it the heap keeps 100 MB more for what lives for one request. */
const youngHeap = '--max-semi-space-size=8 '

/** The server is not in a registry: the project runs the one that made it, on the Node that this one brings. */
function describePackage ({ name, server, model }: Project): object {
  const build = `npm --prefix ${quotePath(server)} run --silent build`
  const run = (file: string, option = '') => `npm exec --no --prefix ${quotePath(server)} -- node ${option}${quotePath(`${server}/dist/${file}`)}`
  // In the place of the shell, so that a signal to npm reaches the server. cmd.exe knows no exec, and takes what follows.
  const replaceShell = `exec ${quotePath(`${server}/node_modules/.bin/node`)} ${youngHeap}${quotePath(`${server}/dist/server.js`)}`
  return {
    name,
    version: '1.0.0',
    private: true,
    scripts: {
      prestart: build,
      start: `${replaceShell} || ${run('server.js', youngHeap)}`,
      precheck: build,
      check: `${run('check.js')} ${model.name}`
    }
  }
}

function describeSettings ({ port, grpcPort, model }: Project): object {
  return { HOST: '127.0.0.1', PORT: port, GRPC_PORT: grpcPort, MODEL_STORE: 'model-store', DEFAULT_MODEL: model.name }
}

/** HOST and PORT are those of the server's image: 0.0.0.0 and 8080. */
const describeImage = `FROM fastify-model-server:v1
ENV GRPC_PORT=8081
WORKDIR /srv
COPY server.config.json ./
COPY model-store ./model-store
CMD ["node", "--max-semi-space-size=8", "/app/dist/server.js"]
`

async function writeJson (path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}
