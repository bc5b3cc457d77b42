import { sep } from 'node:path'
import { GoldenTestError } from './golden.js'
import { SpecificationError } from './specification/error.js'
import type { Artefact } from './store/artefact.js'

/**
 * What is said of a version, with its files named as they lie in the store. `message` begins with the name of a file in the version's folder, where the
 * graph is always `model.onnx`, with `model.json`, which lies one folder above unless there is none, or with that of the setting INPUT_SCHEMA.
 */
export function locate ({ file }: Pick<Artefact, 'file'>, message: string): string {
  if (message.startsWith('INPUT_SCHEMA')) return message
  const folders = file.split('/').slice(0, -1)
  if (message.startsWith('model.json')) return [...folders.slice(0, -1), message].join('/')
  const graph = 'model.onnx'
  return message.startsWith(graph) ? file + message.slice(graph.length) : [...folders, message].join('/')
}

/** The error for whatever kept a version from being loaded: one line that begins with the file, relative to the store. What was thrown is its cause. */
export function blame (artefact: Artefact, error: Error): Error {
  if (error instanceof SpecificationError || error instanceof GoldenTestError) return new Error(locate(artefact, error.message), { cause: error })
  // ONNX Runtime names files by their absolute path, which is nobody's business but the log's.
  return new Error(`${artefact.file}: ${error.message.replaceAll(artefact.folder + sep, '')}`, { cause: error })
}
