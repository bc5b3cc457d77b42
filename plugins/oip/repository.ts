import { InvalidRequestError, LoadFailedError, ModelNotReadyError, RepositoryControlError } from '../../errors.js'
import type { OipIndex } from '../../schemas/oip-repository.js'
import type { RegisteredModel } from '../models/registered-model.js'
import type { ModelRegistry } from '../models/registry.js'
import { explainName } from '../models/store/names.js'

/** The model repository extension: what lies in the store, and loading and unloading it while the server runs. */
export class Repository {
  readonly isEnabled: boolean
  readonly #models: ModelRegistry

  constructor (models: ModelRegistry, enabled: boolean) {
    this.#models = models
    this.isEnabled = enabled
  }

  /** Throws RepositoryControlError unless REPOSITORY_CONTROL is on. */
  check (): void {
    if (!this.isEnabled) throw new RepositoryControlError()
  }

  /** Every version of every model, models that were never loaded included; with `ready` only those that serve. Rejects with RepositoryControlError. */
  async index ({ ready = false }: { ready?: boolean } = {}): Promise<OipIndex> {
    this.check()
    const loaded = this.#models.list().flatMap((entry) => this.#describe(entry))
    if (ready) return loaded.filter(({ state }) => state === 'READY')
    const others = await this.#models.findUnknown()
    return [...loaded, ...others.flatMap(({ name, wanted, error }) => {
      const reason = error?.message ?? 'not loaded'
      const versions = wanted.length > 0 ? wanted : ['']
      return versions.map((version) => ({ name, version, state: 'UNAVAILABLE' as const, reason }))
    })]
  }

  /**
   * Loads a model, or loads it again; the versions it replaces serve until the new ones do. Rejects with RepositoryControlError,
   * ModelNotFoundError, InvalidRequestError for what is no name, or LoadFailedError when a version cannot serve.
   */
  async load (name: string): Promise<void> {
    this.check()
    checkName(name)
    await this.#models.load(name).catch((error: Error) => {
      throw error instanceof ModelNotReadyError ? new LoadFailedError(name, error.message) : error
    })
    const entry = this.#models.entry(name)
    const broken = [...entry.versions.values()].find(({ version, reason }) => reason !== '' && entry.stored.wanted.includes(version))
    const reason = entry.reason || (broken && `version ${broken.version}: ${broken.reason}`)
    if (reason) throw new LoadFailedError(name, reason)
  }

  /** Takes a model out of service; requests in flight end normally. Rejects with RepositoryControlError, InvalidRequestError or ModelNotFoundError. */
  async unload (name: string): Promise<void> {
    this.check()
    checkName(name)
    await this.#models.unload(name)
  }

  #describe (entry: RegisteredModel): OipIndex {
    const versions = this.#models.describe(entry).versions.reverse()
    if (versions.length === 0) return [{ name: entry.name, version: '', state: 'UNAVAILABLE', reason: entry.reason }]
    return versions.map(({ version, state, reason }) => ({ name: entry.name, version, state, reason }))
  }
}

function checkName (name: string): void {
  const reason = explainName(name)
  if (reason !== undefined) throw new InvalidRequestError(`'${name.slice(0, 200)}' names no model: ${reason}`)
}
