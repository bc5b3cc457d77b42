import type { FastifyBaseLogger } from 'fastify'
import { DrainingError, ModelNotFoundError, ModelNotReadyError } from '../../errors.js'
import type { ModelDescription, VersionDescription } from '../../schemas/model.js'
import { Catalogue } from './catalogue.js'
import { describeModel, describeVersion } from './descriptions.js'
import type { Loader } from './loader.js'
import type { Model } from './model.js'
import { findNewest, isUp, unloaded, type RegisteredModel, type RegisteredVersion } from './registered-model.js'
import { Rollout } from './rollout.js'
import type { StoredModel, StoreListing } from './store/artefact.js'
import type { ModelStore } from './store/store.js'
import { StoreFollower } from './store-follower.js'

export interface RegistryOptions {
  store: ModelStore
  loader: Loader
  log: FastifyBaseLogger
  defaultModel?: string
}

/** What is loaded: names and versions to models. Follows the store, one change at a time, and never gives up a working version for a broken one. */
export class ModelRegistry {
  readonly #store: ModelStore
  readonly #log: FastifyBaseLogger
  readonly #catalogue: Catalogue
  readonly #rollout: Rollout
  readonly #follower: StoreFollower
  readonly #closing = new AbortController()
  #started = false
  #work: Promise<unknown> = Promise.resolve()

  constructor ({ store, loader, log, defaultModel }: RegistryOptions) {
    this.#store = store
    this.#log = log
    const catalogue = this.#catalogue = new Catalogue(defaultModel)
    const { signal: closing } = this.#closing
    const rollout = this.#rollout = new Rollout({ catalogue, loader, log, closing })
    this.#follower = new StoreFollower({ catalogue, rollout, log, closing })
  }

  /** Entries of the store that are no models, with the reason. */
  get refused (): StoreListing['refused'] {
    return this.#catalogue.refused
  }

  /** What is odd about the store as a whole. */
  get warnings (): StoreListing['warnings'] {
    return this.#catalogue.warnings
  }

  /** Changes whenever what is served changes. */
  get revision (): number {
    return this.#catalogue.revision
  }

  /** Why requests cannot be served; undefined when they can. */
  get unready (): string | undefined {
    if (this.#isDraining) return 'the server is shutting down'
    if (!this.#started) return 'models are being loaded'
    for (const entry of this.#catalogue.all()) if (isUp(findNewest(entry))) return undefined
    return 'no model is loaded'
  }

  /** Whether the first round of loading is over and the server is not shutting down. */
  get isOpen (): boolean {
    return this.#started && !this.#isDraining
  }

  /** The name that `/predict` stands for. Throws NoDefaultModelError. */
  get defaultName (): string {
    return this.#catalogue.defaultName
  }

  /** A model that can serve; without a name the default one, without a version the highest. Throws the 404s and ModelNotReadyError. */
  get (name?: string, version?: string): Model {
    const entry = this.entry(name ?? this.defaultName)
    const model = version === undefined ? findNewest(entry) : this.version(entry, version).model
    if (model === undefined) throw new ModelNotReadyError(entry.name, this.#unreadyReason(entry, version))
    return model
  }

  /** Throws ModelNotFoundError. */
  entry (name: string): RegisteredModel {
    return this.#catalogue.entry(name)
  }

  find (name: string): RegisteredModel | undefined {
    return this.#catalogue.find(name)
  }

  /** By number or label. Throws VersionNotFoundError. */
  version (entry: RegisteredModel, version: string): RegisteredVersion {
    return this.#catalogue.version(entry, version)
  }

  list (): RegisteredModel[] {
    return this.#catalogue.list()
  }

  describe (entry: RegisteredModel): ModelDescription {
    return describeModel(entry, this.isDefault(entry.name))
  }

  describeVersion (version: RegisteredVersion): VersionDescription {
    return describeVersion(version)
  }

  isDefault (name: string): boolean {
    return this.#catalogue.isDefault(name)
  }

  /** Reads the store for the first time. Rejects with StoreError when it cannot be read; broken models do not reject. */
  async start (listing: StoreListing): Promise<void> {
    await this.#enqueue(() => this.#follower.follow(listing, { hot: false }))
    this.#started = true
    this.#catalogue.revision++
    if (this.list().length === 0) this.#log.warn(`the model store ${listing.root} is empty: put a model into it as <name>.onnx or <name>/1/model.onnx`)
  }

  /** Reads the store again and loads, replaces and retires what has changed; with `retry` it also tries again what failed, though its files are the same. Does nothing once the server drains. */
  reload ({ retry = false }: { retry?: boolean } = {}): Promise<void> {
    return this.#enqueue(async () => {
      if (!this.#isDraining) await this.#follower.follow(await this.#store.read(), { hot: true, retry })
    })
  }

  /** Loads one model again, even if its files did not change. Rejects with ModelNotFoundError, DrainingError, or ModelNotReadyError when nothing of it can serve. */
  load (name: string): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#isDraining) throw new DrainingError()
      const stored = await this.#store.readModel(name)
      if (stored === undefined) throw new ModelNotFoundError(name, this.#catalogue.describeNames())
      await this.#follower.followModel(stored, { hot: true, force: true })
      if (this.#isDraining) throw new DrainingError()
      this.get(name)
    })
  }

  /** Takes a model out of service until it is loaded again or its files change; what runs ends normally. */
  unload (name: string): Promise<void> {
    return this.#enqueue(async () => {
      const entry = this.entry(name)
      for (const version of entry.versions.values()) this.#rollout.retire(entry, version, unloaded)
    })
  }

  /** What lies in the store and was never loaded. Rejects with StoreError when it cannot be read. */
  async findUnknown (): Promise<StoredModel[]> {
    const { models } = await this.#store.read()
    return models.filter(({ name }) => this.#catalogue.find(name) === undefined)
  }

  /** Resolves when all loading that has been asked for so far is over. */
  async settled (): Promise<void> {
    await this.#work
  }

  /** Nothing is loaded from here on, and what is being loaded is given up; what is loaded serves until it is closed. */
  drain (): void {
    this.#closing.abort()
  }

  get #isDraining (): boolean {
    return this.#closing.signal.aborted
  }

  #enqueue<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work)
    this.#work = result.catch(() => {})
    return result
  }

  #unreadyReason (entry: RegisteredModel, version: string | undefined): string {
    if (!this.#started) return 'it is being loaded'
    const versions = version === undefined ? [...entry.versions.values()] : [this.version(entry, version)]
    return versions.find(({ reason }) => reason !== '')?.reason ?? (entry.reason || 'it has no version that can serve')
  }
}
