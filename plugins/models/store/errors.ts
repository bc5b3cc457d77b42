import type { StoreProblem } from './artefact.js'

export type StoreSetting = 'MODEL_STORE' | 'MODEL_PATH'

/** A setting names something that cannot be a store or a model. The message is one line that names the setting. */
export class StoreError extends Error {
  readonly setting: StoreSetting
  constructor (setting: StoreSetting, reason: string, options?: ErrorOptions) {
    super(`${setting}: ${reason}`, options)
    this.name = new.target.name
    this.setting = setting
  }
}

/** What the setting names does not exist. */
export class StoreMissingError extends StoreError {}

/** Stops the reading of one entry; becomes its `error` and goes no further. */
export class EntryError extends Error {
  readonly problem: StoreProblem
  constructor (file: string, reason: string, field?: string) {
    super(`${file}${reason}`)
    this.problem = { file, message: this.message, ...(field !== undefined && { field }) }
  }
}

const reasons = new Map([['EACCES', 'the server may not read it'], ['EPERM', 'the server may not read it'], ['ELOOP', 'its symbolic links run in a circle'], ['ENOENT', 'it does not exist, or is a symbolic link to nothing']])

/** The system's error code of a failed file operation. */
export function errorCode (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** In words why a file operation failed. */
export function explainFailure (error: unknown): string {
  const code = errorCode(error)
  return reasons.get(code ?? '') ?? `it cannot be read (${code ?? String(error)})`
}

/** The problem behind whatever was thrown while `file` was read. */
export function toProblem (error: unknown, file: string): StoreProblem {
  return error instanceof EntryError ? error.problem : { file, message: `${file}: ${explainFailure(error)}` }
}
