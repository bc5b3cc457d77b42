import type { FastifyBaseLogger } from 'fastify'
import type { Catalogue } from './catalogue.js'
import type { Loader } from './loader.js'
import type { Model } from './model.js'
import { isFailed, type RegisteredModel, type RegisteredVersion } from './registered-model.js'
import type { Artefact } from './store/artefact.js'

export interface RolloutOptions {
  /** Others are being served meanwhile. */
  hot: boolean
  /** Loads what did not change, too. */
  force?: boolean
  /** Loads again what could not be loaded, or can no longer be run. */
  retry?: boolean
}

/** Puts versions into service and takes them out of it; a version that works stays until its successor does. */
export class Rollout {
  readonly #catalogue: Catalogue
  readonly #loader: Loader
  readonly #log: FastifyBaseLogger
  readonly #closing: AbortSignal

  /** Once `closing` is aborted nothing is loaded any more, and what is being loaded is given up. */
  constructor ({ catalogue, loader, log, closing }: { catalogue: Catalogue, loader: Loader, log: FastifyBaseLogger, closing: AbortSignal }) {
    this.#catalogue = catalogue
    this.#loader = loader
    this.#log = log
    this.#closing = closing
  }

  /** Loads a version unless it serves already, then lets the one it replaces go. Never rejects: what went wrong is its reason. */
  async deploy (entry: RegisteredModel, artefact: Artefact, { hot, force = false, retry = false }: RolloutOptions): Promise<RegisteredVersion> {
    const known = entry.versions.get(artefact.version)
    if (known?.model !== undefined && known.artefact.fingerprint === artefact.fingerprint && !force && !(retry && isFailed(known))) return known
    const version: RegisteredVersion = known ?? { version: artefact.version, state: 'LOADING', reason: '', artefact }
    entry.versions.set(artefact.version, version)
    const about = { model: entry.name, version: artefact.version }
    try {
      if (artefact.error !== undefined) throw new Error(artefact.error.message)
      const model = await this.#loader.load(artefact, entry.stored.config, { hot, isDefault: this.#catalogue.isDefault(entry.name), closing: this.#closing })
      const previous = version.model
      Object.assign(version, { state: 'READY', reason: '', artefact, model })
      this.#catalogue.revision++
      this.#log.info({ ...about, load_ms: model.loadMs, task: model.specification.task }, 'model loaded')
      if (previous !== undefined) this.#release(previous)
    } catch (error) {
      const { message } = error as Error
      version.reason = version.model === undefined ? message : `the files on disk cannot be loaded, the previous ones still serve: ${message}`
      version.state = version.model === undefined ? 'UNAVAILABLE' : 'READY'
      if (!this.#closing.aborted) this.#log.error({ ...about, ...explain(error as Error) }, `model ${entry.name} version ${artefact.version} cannot be loaded: ${message}`)
      if (version.model !== undefined) version.artefact = { ...version.artefact, fingerprint: artefact.fingerprint }
    }
    return version
  }

  retire ({ name }: RegisteredModel, version: RegisteredVersion, reason: string): void {
    const { model } = version
    delete version.model
    version.state = 'UNAVAILABLE'
    version.reason = reason
    this.#catalogue.revision++
    if (model === undefined) return
    this.#log.info({ model: name, version: version.version, reason }, 'model unloaded')
    this.#release(model)
  }

  // Requests in flight end normally on the version they started on; nobody waits for that.
  #release (model: Model): void {
    model.close().catch((error) => this.#log.error({ err: error, model: model.name, version: model.version }, 'a model could not be released'))
  }
}

/** What a file is to blame for needs no stack, only what lies at the bottom of it where the message does not say it already; a fault of the server does. */
function explain (error: Error): { err: Error } | { cause?: string } {
  let bottom = error
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    if (isFault(one)) return { err: one }
    bottom = one
  }
  const cause = bottom.message.replaceAll(/\s*\n\s*/g, ' ').trim()
  return error.message.endsWith(cause) ? {} : { cause }
}

function isFault (error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError
}
