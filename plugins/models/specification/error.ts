/** The metadata (or INPUT_SCHEMA) contradicts the graph; `field` names the place, such as `metadata.json: features[3].type`. */
export class SpecificationError extends Error {
  override name = 'SpecificationError'
  readonly field: string

  constructor (field: string, detail: string) {
    super(`${field}: ${detail}`)
    this.field = field
  }
}
