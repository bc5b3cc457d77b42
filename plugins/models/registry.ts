import type { FastifyBaseLogger } from 'fastify'
import { DrainingError, ModelNotFoundError, ModelNotReadyError, NoDefaultModelError, VersionNotFoundError } from '../../errors.js'
import { compareVersions } from './store/model.js'
import { describeModel, describeVersion } from './descriptions.js'
import type { ModelDescription, VersionDescription } from '../../schemas/model.js'
import type { VersionPolicy } from '../../schemas/model-config.js'
import type { Artefact, StoredModel, StoreListing } from './store/artefact.js'
import type { Loader } from './loader.js'
import type { Model } from './model.js'
import type { ModelStore } from './store/store.js'

const unloaded = 'unloaded'

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

interface FollowOptions {
  /** Others are being served meanwhile. */
  hot: boolean
  /** Loads what did not change, too. */
  force?: boolean
  /** Loads again what could not be loaded, or can no longer be run. */
  retry?: boolean
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
  /** What was said of the store when it was last read. */
  #noted = new Set<string>()
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
    const entry = this.find(name)
    if (entry === undefined) throw new ModelNotFoundError(name, this.#named())
    return entry
  }

  find (name: string): RegisteredModel | undefined {
    return this.#models.get(name)
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
    await this.#enqueue(() => this.#follow(listing, { hot: false }))
    this.#started = true
    this.revision++
    if (this.#models.size === 0) this.#options.log.warn(`the model store ${listing.root} is empty: put a model into it as <name>.onnx or <name>/1/model.onnx`)
  }

  /** Reads the store again and loads, replaces and retires what has changed; with `retry` it also tries again what failed, though its files are the same. */
  reload ({ retry = false }: { retry?: boolean } = {}): Promise<void> {
    return this.#enqueue(async () => this.#follow(await this.#options.store.read(), { hot: true, retry }))
  }

  /** Loads one model again, even if its files did not change. Rejects with ModelNotFoundError, DrainingError, or ModelNotReadyError when nothing of it can serve. */
  load (name: string): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#draining) throw new DrainingError()
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
      for (const version of entry.versions.values()) this.#retire(entry, version, unloaded)
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

  /** Nothing is loaded from here on; what is loaded serves until it is closed. */
  drain (): void {
    this.#draining = true
  }

  #enqueue<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(work)
    this.#work = result.catch(() => {})
    return result
  }

  async #follow (listing: StoreListing, options: FollowOptions): Promise<void> {
    this.refused = listing.refused
    this.#note(listing)
    const names = new Set(listing.models.map(({ name }) => name))
    for (const [name, entry] of this.#models) {
      if (names.has(name)) continue
      this.#models.delete(name)
      for (const version of entry.versions.values()) this.#retire(entry, version, 'removed from the store')
    }
    // Names are known before anything is loaded: who the default is must not depend on how far loading is.
    for (const stored of listing.models) this.#announce(stored)
    for (const stored of listing.models) {
      if (this.#draining) return
      await this.#followModel(stored, options)
    }
  }

  /** The store may be read every second: each line is logged once until it changes. */
  #note ({ refused, warnings }: StoreListing): void {
    const { log } = this.#options
    const errors = refused.map(({ error }) => error.message)
    for (const message of errors) if (!this.#noted.has(message)) log.error(message)
    for (const message of warnings) if (!this.#noted.has(message)) log.warn(message)
    this.#noted = new Set([...errors, ...warnings])
  }

  async #followModel (stored: StoredModel, { hot, force = false, retry = false }: FollowOptions): Promise<void> {
    const { log } = this.#options
    const known = this.#models.get(stored.name)
    if (known?.stored.fingerprint === stored.fingerprint && !force && !(retry && hasFailed(known))) return
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
    const served = new Set<string>()
    for (const artefact of candidates(stored)) {
      if (served.size > 0 && !stored.wanted.includes(artefact.version)) continue
      const version = await this.#followVersion(entry, artefact, { hot, force: force || configChanged, retry })
      if (this.#draining) return
      if (version.model !== undefined) served.add(version.version)
    }
    entry.labels = moveLabels(entry, stored.labels, served)
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

  async #followVersion (entry: RegisteredModel, artefact: Artefact, { hot, force, retry }: Required<FollowOptions>): Promise<RegisteredVersion> {
    const { log, loader } = this.#options
    const known = entry.versions.get(artefact.version)
    if (known?.model !== undefined && known.artefact.fingerprint === artefact.fingerprint && !force && !(retry && isFailed(known))) return known
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
      if (!this.#draining) log.error({ ...about, err: explain(error as Error) }, `model ${entry.name} version ${artefact.version} cannot be loaded: ${version.reason}`)
      if (version.model !== undefined) version.artefact = { ...version.artefact, fingerprint: artefact.fingerprint }
    }
    return version
  }

  /** Versions that are neither served now nor part of the policy nor under a label leave; broken ones stay listed with their reason. */
  #forgetUnwanted (entry: RegisteredModel, served: Set<string>): void {
    const labelled = new Set(Object.values(entry.labels))
    const present = new Set(entry.stored.versions.map(({ version }) => version))
    for (const [number, version] of entry.versions) {
      if (served.has(number)) continue
      if (version.model !== undefined && served.size > 0 && !labelled.has(number)) this.#retire(entry, version, 'replaced')
      if (version.model === undefined && (version.state !== 'UNAVAILABLE' || !present.has(number) || version.reason === 'replaced')) entry.versions.delete(number)
    }
  }

  #retire ({ name }: RegisteredModel, version: RegisteredVersion, reason: string): void {
    const { model } = version
    delete version.model
    version.state = 'UNAVAILABLE'
    version.reason = reason
    this.revision++
    if (model === undefined) return
    this.#options.log.info({ model: name, version: version.version, reason }, 'model unloaded')
    this.#release(model)
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

/** Which version answers when none is named. */
function newest ({ versions, stored: { config } }: RegisteredModel): Model | undefined {
  let newest: Model | undefined
  for (const { model } of versions.values()) {
    if (model !== undefined && (newest === undefined || precedes(model, newest, config.versions))) newest = model
  }
  return newest
}

/** One that runs before one that does not, one that the policy names before one that merely has a label, then the higher. */
function precedes (model: Model, other: Model, policy: VersionPolicy): boolean {
  if (isUp(model) !== isUp(other)) return isUp(model)
  const isNamed = ({ version }: Model) => !Array.isArray(policy) || policy.includes(version)
  if (isNamed(model) !== isNamed(other)) return isNamed(model)
  return compareVersions(model.version, other.version) < 0
}

function isUp (model: Model | undefined): boolean {
  return model !== undefined && model.failure === undefined
}

/** What was unloaded on request did not fail. */
function isFailed ({ model, reason }: RegisteredVersion): boolean {
  return model?.failure !== undefined || (reason !== '' && reason !== unloaded)
}

function hasFailed ({ stored, versions }: RegisteredModel): boolean {
  return stored.error !== undefined || [...versions.values()].some(isFailed)
}

/** A label goes to a version that serves, and until there is one stays where it is. */
function moveLabels ({ labels, versions }: RegisteredModel, wanted: Record<string, string>, served: Set<string>): Record<string, string> {
  // Labels are looked up by the text of a request, and `constructor` is none.
  const moved: Record<string, string> = Object.create(null)
  for (const [label, version] of Object.entries(wanted)) {
    const current = labels[label]
    const stays = !served.has(version) && current !== undefined && versions.get(current)?.model !== undefined
    moved[label] = stays ? current : version
  }
  return moved
}

/** What a file is to blame for needs no stack, only what lies at the bottom of it; a fault of the server does. */
function explain (error: Error): Error | { type: string, message: string } {
  if (error instanceof TypeError || error instanceof RangeError) return error
  let { name: type, message, cause } = error
  while (cause instanceof Error) ({ name: type, message, cause } = cause)
  return { type, message: message.replaceAll(/\s*\n\s*/g, ' ').trim() }
}

/** In the order in which loading is tried, highest first: what the policy wants, and with `latest` every version, because a lower one steps in for a broken one. */
function candidates ({ versions, wanted, config }: StoredModel): Artefact[] {
  return config.versions === 'latest' ? versions : versions.filter(({ version }) => wanted.includes(version))
}
