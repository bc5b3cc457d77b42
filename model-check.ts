import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { loadConfig } from './config.js'
import { ModelStore } from './plugins/models/store/store.js'

/** A version below its model's folder. */
const versionPlace = /^[1-9][0-9]*(\/model\.onnx)?$/

/**
 * Loads one model as the server would and runs it once: what lies in MODEL_STORE as that store serves it, anything else as MODEL_PATH does.
 * Returns one line that says what it is and what it was taken for; throws with one that says why it cannot be served.
 */
export async function checkModel (model: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { MODEL_STORE, DEFAULT_MODEL: _default, ...config } = loadConfig(env)
  const found = [join(MODEL_STORE, model), join(MODEL_STORE, `${model}.onnx`), resolve(env.INIT_CWD ?? '', model)].find(existsSync)
  if (found === undefined) throw new Error(`there is no model ${model} in ${MODEL_STORE}, and no file or folder of that name`)
  const stored = await findStored(found, MODEL_STORE)
  const path = stored ?? found
  const app = await buildApp({ ...config, MODEL_STORE, MODEL_PATH: path, WORKERS: '1', LOG_LEVEL: 'silent', WATCH: false })
  try {
    await app.ready()
    await app.models.settled()
    return `${report(app)} (${stored === undefined ? `as MODEL_PATH=${found}` : `in the store ${MODEL_STORE}`})`
  } finally {
    await app.close()
  }
}

/**
 * Path of what the store serves there: a version, or the whole entry; undefined when the path does not lie in the store. Throws with what the
 * store says of an entry that it does not serve.
 */
async function findStored (path: string, store: string): Promise<string | undefined> {
  const root = await realpath(store).catch(() => undefined)
  if (root === undefined) return undefined
  const [entry = '', ...inner] = relative(root, join(await realpath(dirname(resolve(path))), basename(path))).split(sep)
  if (entry === '' || entry === '..' || isAbsolute(entry)) return undefined
  const { models, refused } = await new ModelStore({ store }).read()
  const problem = refused.find((one) => one.entry === entry)?.error ?? models.find(({ name }) => name === entry || `${name}.onnx` === entry)?.error
  if (problem !== undefined) throw new Error(`in the store ${store}: ${problem.message}`)
  return versionPlace.test(inner.join('/')) ? path : join(root, entry)
}

/** One line that says what is served; throws with one that says why not. With `run`, a model must also have answered to rows that nobody sent. */
export function report (app: FastifyInstance, run = true): string {
  const { refused } = app.models
  if (refused[0] !== undefined) throw new Error(refused[0].error.message)
  return app.models.list().map(({ name, reason, versions }) => {
    if (reason !== '') throw new Error(reason)
    if (versions.size === 0) throw new Error(`model ${name} has no version that can be served`)
    return [...versions.values()].map(({ version, model, reason }) => {
      if (model === undefined || reason !== '') throw new Error(`${name} ${version}: ${reason}`)
      const idle = model.unmerged?.startsWith('the probe could not be run') === true
      if (idle && run) throw new Error(`${name} ${version}: ${model.unmerged}`)
      const { specification: { task, layout }, loadMs } = model
      return `${name} ${version}: ${task}, ${layout.features?.length ?? layout.inputs.length} ${layout.features === undefined ? 'inputs' : 'features'}, loaded${idle ? '' : ' and run'} in ${loadMs} ms${idle ? `; ${model.unmerged}` : ''}`
    }).join('; ')
  }).join('; ')
}
