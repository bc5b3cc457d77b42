import { ModelNotFoundError, NoDefaultModelError, VersionNotFoundError } from '../../errors.js'
import { findNewest, mayServe, type RegisteredModel, type RegisteredVersion } from './registered-model.js'
import type { StoreListing } from './store/artefact.js'

/** How several models get a default one. */
export const defaultAdvice = 'set DEFAULT_MODEL or "default": true in a model.json'

/** The models that are known, by name, whether they can serve or not. */
export class Catalogue {
  /** Entries of the store that are no models, with the reason. */
  refused: StoreListing['refused'] = []
  /** What is odd about the store as a whole. */
  warnings: StoreListing['warnings'] = []
  /** The default model when it was last looked at. */
  lastDefault: string | undefined
  /** Changes whenever what is served changes. */
  revision = 0
  readonly #models = new Map<string, RegisteredModel>()
  readonly #defaultModel: string | undefined

  /** `defaultModel` is the model that the settings name as the default one. */
  constructor (defaultModel: string | undefined) {
    this.#defaultModel = defaultModel
  }

  /** The name that `/predict` stands for. Throws NoDefaultModelError. */
  get defaultName (): string {
    const name = this.findDefault()
    if (name === undefined) throw new NoDefaultModelError(`${this.describeNames()}${this.#models.size === 0 ? '' : `; ${defaultAdvice}`}`)
    return name
  }

  /** The model that the settings, its own `model.json` or its being the only one that may serve make the default; undefined when there is none. */
  findDefault (): string | undefined {
    if (this.#defaultModel !== undefined) return this.#defaultModel
    const marked = this.list().find((entry) => entry.stored.config.default)
    if (marked !== undefined) return marked.name
    const [only, ...others] = this.#models.size === 1 ? this.list() : this.list().filter(mayServe)
    if (others.length === 0) return only?.name
    // A model that is still being loaded takes it from nobody.
    const [serving, ...more] = this.list().filter((entry) => findNewest(entry) !== undefined)
    return more.length === 0 && serving?.name === this.lastDefault ? serving?.name : undefined
  }

  isDefault (name: string): boolean {
    return this.findDefault() === name
  }

  list (): RegisteredModel[] {
    return [...this.#models.values()].sort((a, b) => a.name < b.name ? -1 : 1)
  }

  /** In no particular order. */
  all (): Iterable<RegisteredModel> {
    return this.#models.values()
  }

  find (name: string): RegisteredModel | undefined {
    return this.#models.get(name)
  }

  /** Throws ModelNotFoundError. */
  entry (name: string): RegisteredModel {
    const entry = this.#models.get(name)
    if (entry === undefined) throw new ModelNotFoundError(name, this.describeNames())
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

  add (entry: RegisteredModel): void {
    this.#models.set(entry.name, entry)
  }

  remove ({ name }: RegisteredModel): void {
    this.#models.delete(name)
  }

  /** The end of a sentence that says that a name is not there. */
  describeNames (): string {
    const names = this.list().map(({ name }) => name)
    return names.length === 0 ? '; the model store is empty' : `; there are ${names.join(', ')}`
  }
}
