import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { loadConfig } from './config.js'

/** Loads one model as the server would and runs it once. Returns one line that says what it is; throws with one that says why it cannot be served. */
export async function checkModel (model: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { MODEL_STORE, DEFAULT_MODEL: _default, ...config } = loadConfig(env)
  const path = [join(MODEL_STORE, model), join(MODEL_STORE, `${model}.onnx`), model].find(existsSync)
  if (path === undefined) throw new Error(`there is no model ${model} in ${MODEL_STORE}, and no file or folder of that name`)
  const app = await buildApp({ ...config, MODEL_STORE, MODEL_PATH: path, WORKERS: '1', LOG_LEVEL: 'silent', WATCH: false })
  try {
    await app.ready()
    await app.models.settled()
    return report(app)
  } finally {
    await app.close()
  }
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
