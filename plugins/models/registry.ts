import type { FastifyBaseLogger } from 'fastify'
import { ModelNotFoundError, ModelNotReadyError, NoDefaultModelError, VersionNotFoundError } from '../../errors.js'
import { compareVersions } from './store/model.js'
import { describeModel, describeVersion, type ModelDescription, type VersionDescription } from './descriptions.js'
import type { Artefact, StoredModel, StoreListing } from './store/artefact.js'
import type { Loader } from './loader.js'
import type { Model } from './model.js'
import type { ModelStore } from './store/store.js'

export type VersionState = 'READY' | 'LOADING' | 'UNAVAILABLE'

/** One version that the registry knows of. */
export interface RegisteredVersion {
  version: string
  state: VersionState
  /** Why it is not what the store says it should be; empty when all is well. */
  reason: string
  artefact: Artefact
  /** Present while it serves. */
  model?: Model
}

export interface RegisteredModel {
  name: string
  labels: Record<string, string>
  /** What is wrong with the model as a whole; empty when all is well. */
  reason: string
  versions: Map<string, RegisteredVersion>
  stored: StoredModel
}

export interface RegistryOptions {
  store: ModelStore
  loader: Loader
  log: FastifyBaseLogger
  defaultModel?: string
}

/** What is loaded: names and versions to models. Follows the store, and never gives up a working version for a broken one. */
export class ModelRegistry {
  readonly #options: RegistryOptions
  readonly #models = new Map<string, RegisteredModel>()
  /** Entries of the store that are no models, with the reason. */
  refused: StoreListing['refused'] = []
  /** Changes whenever what is served changes. */
  revision = 0
  #started = false
  #draining = false
  #work: Promise<unknown> = Promise.resolve()

  constructor (options: RegistryOptions) {
    this.#options = options
  }

  /** Why requests cannot be served; undefined when they can. */
  get unready (): string | undefined {
    if (this.#draining) return 'the server is shutting down'
    if (!this.#started) return 'models are being loaded'
    return [...this.#models.values()].some((entry) => isUp(newest(entry))) ? undefined : 'no model is loaded'
  }

  /** Whether the first round of loading is over and the server is not shutting down. */
  get isOpen (): boolean {
    return this.#started && !this.#draining
  }

  /** The name that `/predict` stands for. Throws NoDefaultModelError. */
  get defaultName (): string {
    const name = this.#findDefault()
    if (name === undefined) throw new NoDefaultModelError(this.#named())
    return name
  }

  /** A model that can serve; without a name the default one, without a version the highest. Throws the 404s and ModelNotReadyError. */
  get (name?: string, version?: string): Model {
    const entry = this.entry(name ?? this.defaultName)
    const model = version === undefined ? newest(entry) : this.version(entry, version).model
    if (model === undefined) throw new ModelNotReadyError(entry.name, this.#unreadyReason(entry, version))
    return model
  }

  /** Throws ModelNotFoundError. */
  entry (name: string): RegisteredModel {
    const entry = this.#models.get(name)
    if (entry === undefined) throw new ModelNotFoundError(name, this.#named())
    return entry
  }

  /** By number or label. Throws VersionNotFoundError. */
  version (entry: RegisteredModel, version: string): RegisteredVersion {
    const number = Object.hasOwn(entry.labels, version) ? entry.labels[version] : version
    const found = number === undefined ? undefined : entry.versions.get(number)
    if (found === undefined) {
      const known = [...entry.versions.keys(), ...Object.keys(entry.labels)]
      throw new VersionNotFoundError(entry.name, version, known.length === 0 ? '' : `; there are ${known.join(', ')}`)
    }
    return found
  }

  list (): RegisteredModel[] {
    return [...this.#models.values()].sort((a, b) => a.name < b.name ? -1 : 1)
  }

  describe (entry: RegisteredModel): ModelDescription {
    return describeModel(entry, this.isDefault(entry.name))
  }

  describeVersion (version: RegisteredVersion): VersionDescription {
    return describeVersion(version)
  }

  isDefault (name: string): boolean {
    return this.#findDefault() === name
  }

  /** Reads the store for the first time. Rejects with StoreError when it cannot be read; broken models do not reject. */
  async start (listing: StoreListing): Promise<void> {
    await this.#enqueue(() => this.#follow(listing, false))
    this.#started = true
    this.revision++
    if (this.#models.size === 0) this.#options.log.warn(`the model store ${listing.root} is empty: put a model into it as <name>.onnx or <name>/1/model.onnx`)
  }

  /** Reads the store again and loads, replaces and retires what has changed. */
  reload (): Promise<void> {
    return this.#enqueue(async () => this.#follow(await this.#options.store.read(), true))
  }

  /** Loads one model again, even if its files did not change. Rejects with ModelNotFoundError, or ModelNotReadyError when nothing of it can serve. */
  load (name: string): Promise<void> {
    return this.#enqueue(async () => {
      const stored = await this.#options.store.readModel(name)
      if (stored === undefined) throw new ModelNotFoundError(name, this.#named())
      await this.#followModel(stored, { hot: true, force: true })
      this.get(name)
    })
  }

  /** Takes a model out of service until it is loaded again or its files change; what runs ends normally. */
  unload (name: string): Promise<void> {
    return this.#enqueue(async () => {
      const entry = this.entry(name)
      for (const version of entry.versions.values()) this.#retire(version, 'unloaded')
    })
  }

  /** What lies in the store and was never loaded. Rejects with StoreError when it cannot be read. */
  async findUnknown (): Promise<StoredModel[]> {
    const { models } = await this.#options.store.read()
    return models.filter(({ name }) => !this.#models.has(name))
  }

  /** Resolves when all loading that has been asked for so far is over. */
  async settled (): Promise<void> {
    await this.#work
  }

  drain (): void {
    this.#draining = true
  }

  #enqueue<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work)
    this.#work = result.catch(() => {})
    return result
  }

  async #follow (listing: StoreListing, hot: boolean): Promise<void> {
    const { log } = this.#options
    this.refused = listing.refused
    for (const { error } of listing.refused) log.error(error.message)
    for (const warning of listing.warnings) log.warn(warning)
    const names = new Set(listing.models.map(({ name }) => name))
    for (const [name, entry] of this.#models) {
      if (names.has(name)) continue
      this.#models.delete(name)
      for (const version of entry.versions.values()) this.#retire(version, 'removed from the store')
    }
    // Names are known before anything is loaded: who the default is must not depend on how far loading is.
    for (const stored of listing.models) this.#announce(stored)
    for (const stored of listing.models) await this.#followModel(stored, { hot, force: false })
  }

  async #followModel (stored: StoredModel, { hot, force }: { hot: boolean, force: boolean }): Promise<void> {
    const { log } = this.#options
    const known = this.#models.get(stored.name)
    if (known?.stored.fingerprint === stored.fingerprint && !force) return
    const entry = known ?? this.#announce(stored)
    const configChanged = JSON.stringify(entry.stored.config) !== JSON.stringify(stored.config)
    entry.reason = stored.error?.message ?? ''
    for (const warning of stored.warnings) log.warn({ model: stored.name }, warning)
    if (stored.error !== undefined) {
      log.error({ model: stored.name }, stored.error.message)
      // What is loaded goes on as it was told to before.
      entry.stored = { ...stored, config: entry.stored.config }
      this.revision++
      return
    }
    entry.stored = stored
    entry.labels = stored.labels
    const served = new Set<string>()
    for (const artefact of candidates(stored)) {
      if (served.size > 0 && !stored.wanted.includes(artefact.version)) continue
      const version = await this.#followVersion(entry, artefact, { hot, force: force || configChanged })
      if (version.model !== undefined) served.add(version.version)
    }
    this.#forgetUnwanted(entry, served)
    this.revision++
  }

  #announce (stored: StoredModel): RegisteredModel {
    const known = this.#models.get(stored.name)
    if (known !== undefined) return known
    const loading = stored.versions
      .filter(({ version }) => stored.wanted.includes(version))
      .map((artefact): [string, RegisteredVersion] => [artefact.version, { version: artefact.version, state: 'LOADING', reason: '', artefact }])
    const entry = { name: stored.name, labels: stored.labels, reason: 'it is being loaded', versions: new Map(loading), stored: { ...stored, fingerprint: '' } }
    this.#models.set(stored.name, entry)
    return entry
  }

  async #followVersion (entry: RegisteredModel, artefact: Artefact, { hot, force }: { hot: boolean, force: boolean }): Promise<RegisteredVersion> {
    const { log, loader } = this.#options
    const known = entry.versions.get(artefact.version)
    if (known?.model !== undefined && known.artefact.fingerprint === artefact.fingerprint && !force) return known
    const version: RegisteredVersion = known ?? { version: artefact.version, state: 'LOADING', reason: '', artefact }
    entry.versions.set(artefact.version, version)
    const about = { model: entry.name, version: artefact.version }
    try {
      if (artefact.error !== undefined) throw new Error(artefact.error.message)
      const model = await loader.load(artefact, entry.stored.config, { hot, isDefault: this.isDefault(entry.name) })
      const previous = version.model
      Object.assign(version, { state: 'READY', reason: '', artefact, model })
      this.revision++
      log.info({ ...about, load_ms: model.loadMs, task: model.specification.task }, 'model loaded')
      if (previous !== undefined) this.#release(previous)
    } catch (error) {
      version.reason = (error as Error).message
      version.state = version.model === undefined ? 'UNAVAILABLE' : 'READY'
      log.error({ ...about, err: error }, `model ${entry.name} version ${artefact.version} cannot be loaded: ${version.reason}`)
      if (version.model !== undefined) version.artefact = { ...version.artefact, fingerprint: artefact.fingerprint }
    }
    return version
  }

  /** Versions that are neither served now nor part of the policy leave; broken ones stay listed with their reason. */
  #forgetUnwanted (entry: RegisteredModel, served: Set<string>): void {
    const present = new Set(entry.stored.versions.map(({ version }) => version))
    for (const [number, version] of entry.versions) {
      if (served.has(number)) continue
      if (version.model !== undefined && served.size > 0) this.#retire(version, 'replaced')
      if (version.model === undefined && (version.state !== 'UNAVAILABLE' || !present.has(number) || version.reason === 'replaced')) entry.versions.delete(number)
    }
  }

  #retire (version: RegisteredVersion, reason: string): void {
    const { model } = version
    delete version.model
    version.state = 'UNAVAILABLE'
    version.reason = reason
    this.revision++
    if (model !== undefined) this.#release(model)
  }

  // Requests in flight end normally on the version they started on; nobody waits for that.
  #release (model: Model): void {
    model.close().catch((error) => this.#options.log.error({ err: error, model: model.name, version: model.version }, 'a model could not be released'))
  }

  #findDefault (): string | undefined {
    if (this.#options.defaultModel !== undefined) return this.#options.defaultModel
    const marked = this.list().find((entry) => entry.stored.config.default)
    if (marked !== undefined) return marked.name
    return this.#models.size === 1 ? [...this.#models.keys()][0] : undefined
  }

  #unreadyReason (entry: RegisteredModel, version: string | undefined): string {
    if (!this.#started) return 'it is being loaded'
    const versions = version === undefined ? [...entry.versions.values()] : [this.version(entry, version)]
    return versions.find(({ reason }) => reason !== '')?.reason ?? (entry.reason || 'it has no version that can serve')
  }

  #named (): string {
    const names = this.list().map(({ name }) => name)
    return names.length === 0 ? '; the model store is empty' : `; there are ${names.join(', ')}`
  }
}

function newest (entry: RegisteredModel): Model | undefined {
  let newest: Model | undefined
  for (const { model } of entry.versions.values()) {
    if (model === undefined || (isUp(newest) && !isUp(model))) continue
    if (newest === undefined || (isUp(model) && !isUp(newest)) || compareVersions(model.version, newest.version) < 0) newest = model
  }
  return newest
}

function isUp (model: Model | undefined): boolean {
  return model !== undefined && model.failure === undefined
}

/** In the order in which loading is tried, highest first: what the policy wants, and with `latest` every version, because a lower one steps in for a broken one. */
function candidates ({ versions, wanted, config }: StoredModel): Artefact[] {
  return config.versions === 'latest' ? versions : versions.filter(({ version }) => wanted.includes(version))
}
