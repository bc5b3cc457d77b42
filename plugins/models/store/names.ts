import { modelNamePattern } from '../../../schemas/model-config.js'

const modelName = new RegExp(modelNamePattern)

/** Why `name` cannot be the name of a model; undefined when it can. */
export function explainName (name: string): string | undefined {
  if (name === 'stats') return 'stats is no model name, a path of the API has it'
  return modelName.test(name) ? undefined : `a model name must match ${modelNamePattern}`
}
