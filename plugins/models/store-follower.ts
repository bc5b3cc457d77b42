import type { FastifyBaseLogger } from 'fastify'
import { defaultAdvice, type Catalogue } from './catalogue.js'
import { findNewest, isFailed, moveLabels, type RegisteredModel, type RegisteredVersion } from './registered-model.js'
import type { Rollout, RolloutOptions } from './rollout.js'
import type { Artefact, StoredModel, StoreListing } from './store/artefact.js'

/** Brings what is loaded in line with what the store holds: what is new comes, what changed is replaced, what is gone leaves. */
export class StoreFollower {
  readonly #catalogue: Catalogue
  readonly #rollout: Rollout
  readonly #log: FastifyBaseLogger
  readonly #closing: AbortSignal
  /** What was said of the store when it was last read. */
  #noted = new Set<string>()

  /** Once `closing` is aborted it takes no further step. */
  constructor ({ catalogue, rollout, log, closing }: { catalogue: Catalogue, rollout: Rollout, log: FastifyBaseLogger, closing: AbortSignal }) {
    this.#catalogue = catalogue
    this.#rollout = rollout
    this.#log = log
    this.#closing = closing
  }

  async follow (listing: StoreListing, options: RolloutOptions): Promise<void> {
    if (this.#closing.aborted) return
    this.#catalogue.refused = listing.refused
    this.#catalogue.warnings = listing.warnings
    this.#note(listing)
    const names = new Set(listing.models.map(({ name }) => name))
    for (const entry of this.#catalogue.list()) {
      if (names.has(entry.name)) continue
      this.#catalogue.remove(entry)
      for (const version of entry.versions.values()) this.#rollout.retire(entry, version, 'removed from the store')
    }
    // Names are known before anything is loaded: who the default is must not depend on how far loading is.
    for (const stored of listing.models) this.#announce(stored)
    this.#watchDefault()
    for (const stored of listing.models) {
      if (this.#closing.aborted) return
      await this.followModel(stored, options)
    }
  }

  async followModel (stored: StoredModel, { hot, force = false, retry = false }: RolloutOptions): Promise<void> {
    const known = this.#catalogue.find(stored.name)
    if (known?.stored.fingerprint === stored.fingerprint && !force && !(retry && hasFailed(known))) return
    const entry = known ?? this.#announce(stored)
    this.#watchDefault()
    const configChanged = JSON.stringify(entry.stored.config) !== JSON.stringify(stored.config)
    entry.reason = stored.error?.message ?? ''
    for (const warning of stored.warnings) this.#log.warn({ model: stored.name }, warning)
    if (stored.error !== undefined) {
      this.#log.error({ model: stored.name }, stored.error.message)
      // What is loaded goes on as it was told to before.
      entry.stored = { ...stored, config: entry.stored.config }
      this.#catalogue.revision++
      return
    }
    entry.stored = stored
    this.#watchDefault()
    const served = new Set<string>()
    for (const artefact of candidates(stored)) {
      if (served.size > 0 && !stored.wanted.includes(artefact.version)) continue
      const version = await this.#rollout.deploy(entry, artefact, { hot, force: force || configChanged, retry })
      if (this.#closing.aborted) return
      if (version.model !== undefined) served.add(version.version)
    }
    entry.labels = moveLabels(entry, stored.labels, served)
    this.#forgetUnwanted(entry, served)
    this.#watchDefault()
    this.#catalogue.revision++
  }

  /** The store may be read every second: each line is logged once until it changes. */
  #note ({ refused, warnings }: StoreListing): void {
    const errors = refused.map(({ error }) => error.message)
    for (const message of errors) if (!this.#noted.has(message)) this.#log.error(message)
    for (const message of warnings) if (!this.#noted.has(message)) this.#log.warn(message)
    this.#noted = new Set([...errors, ...warnings])
  }

  /** A model that comes beside the only one takes `/predict` away from it. */
  #watchDefault (): void {
    const name = this.#catalogue.findDefault()
    const isLost = this.#catalogue.lastDefault !== undefined && name === undefined
    this.#catalogue.lastDefault = name
    if (isLost && this.#catalogue.list().some((entry) => findNewest(entry) !== undefined)) this.#log.warn(`no model is the default any more${this.#catalogue.describeNames().replace(';', ':')}; ${defaultAdvice}`)
  }

  #announce (stored: StoredModel): RegisteredModel {
    const known = this.#catalogue.find(stored.name)
    if (known !== undefined) return known
    const loading = stored.versions
      .filter(({ version }) => stored.wanted.includes(version))
      .map((artefact): [string, RegisteredVersion] => [artefact.version, { version: artefact.version, state: 'LOADING', reason: '', artefact }])
    const entry = { name: stored.name, labels: stored.labels, reason: 'it is being loaded', versions: new Map(loading), stored: { ...stored, fingerprint: '' } }
    this.#catalogue.add(entry)
    return entry
  }

  /** Versions that are neither served now nor part of the policy nor under a label leave; broken ones stay listed with their reason. */
  #forgetUnwanted (entry: RegisteredModel, served: Set<string>): void {
    const labelled = new Set(Object.values(entry.labels))
    const present = new Set(entry.stored.versions.map(({ version }) => version))
    for (const [number, version] of entry.versions) {
      if (served.has(number)) continue
      if (version.model !== undefined && served.size > 0 && !labelled.has(number)) this.#rollout.retire(entry, version, 'replaced')
      if (version.model === undefined && (version.state !== 'UNAVAILABLE' || !present.has(number) || version.reason === 'replaced')) entry.versions.delete(number)
    }
  }
}

function hasFailed ({ stored, versions }: RegisteredModel): boolean {
  return stored.error !== undefined || [...versions.values()].some(isFailed)
}

/** In the order in which loading is tried, highest first: what the policy wants, and with `latest` every version, because a lower one steps in for a broken one. */
function candidates ({ versions, wanted, config }: StoredModel): Artefact[] {
  return config.versions === 'latest' ? versions : versions.filter(({ version }) => wanted.includes(version))
}
