/**
 * @typedef {object} Schema The parts of a JSON Schema that a form is made of.
 * @property {string} [$ref]
 * @property {string | string[]} [type]
 * @property {unknown[]} [enum]
 * @property {Schema[]} [oneOf]
 * @property {Schema[]} [anyOf]
 * @property {Record<string, Schema>} [properties]
 * @property {string[]} [required]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {unknown} [default]
 * @property {unknown[]} [examples]
 * @property {string} [description]
 *
 * @typedef {object} Operation
 * @property {string} [description]
 * @property {{ content: Record<string, { schema: Schema, example?: unknown }> }} [requestBody]
 *
 * @typedef {object} ApiDocument The parts of the server's OpenAPI document that a form is made of.
 * @property {Record<string, { post?: Operation }>} paths
 * @property {{ schemas: Record<string, Schema> }} components
 *
 * @typedef {object} Field One feature as a control of the form.
 * @property {string} name
 * @property {'number' | 'integer' | 'text' | 'choice' | 'json'} kind
 * @property {boolean} required
 * @property {string} hint
 * @property {string} empty What leaving it empty means; empty where it must not be.
 * @property {string} initial Text to begin with; of a choice the index of its option.
 * @property {unknown[]} options Values of a choice.
 * @property {number} [minimum]
 * @property {number} [maximum]
 *
 * @typedef {{ fields: Field[] } | { text: string }} Form A control per feature, or one text where nothing names them.
 */

/**
 * The form of a model; undefined when the document does not describe it.
 * @param {ApiDocument} document
 * @param {string} model
 * @returns {Form | undefined}
 */
export function describeForm (document, model) {
  const media = document.paths[`/models/${model}/predict`]?.post?.requestBody?.content['application/json']
  if (media === undefined) return undefined
  const { properties, required = [] } = resolve(document, media.schema)
  if (properties === undefined) return { text: spellRow(media.example) }
  const example = new Map(Object.entries(Object(media.example)))
  return { fields: Object.entries(properties).map(([name, schema]) => describeField(name, schema, required.includes(name), example.get(name))) }
}

/**
 * @param {ApiDocument} document
 * @param {Schema} schema
 * @returns {Schema}
 */
function resolve (document, schema) {
  return document.components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema
}

/**
 * @param {string} name
 * @param {Schema} schema
 * @param {boolean} required
 * @param {unknown} example
 * @returns {Field}
 */
function describeField (name, schema, required, example) {
  const variants = schema.oneOf ?? schema.anyOf ?? [schema]
  const types = variants.flatMap(({ type }) => type ?? [])
  /** @type {unknown[]} */
  const options = schema.enum?.filter((value) => value !== null) ?? (types.includes('boolean') ? [true, false] : [])
  const kind = options.length > 0 ? 'choice' : kindOf(types)
  const { minimum, maximum } = variants[0] ?? {}
  const given = example !== undefined ? example : schema.default ?? schema.examples?.[0]
  const chosen = options.indexOf(given)
  return {
    name,
    kind,
    required,
    hint: [schema.description, spellRange(minimum, maximum), required ? undefined : 'may be left empty'].filter((part) => part !== undefined).join('; '),
    empty: required ? '' : schema.default === undefined || schema.default === null ? 'missing' : `default: ${spell(schema.default)}`,
    initial: kind !== 'choice' ? spell(given) : chosen < 0 ? '' : String(chosen),
    options,
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum })
  }
}

/**
 * @param {string[]} types
 * @returns {Field['kind']}
 */
function kindOf (types) {
  if (types.includes('array')) return 'json'
  if (types.includes('integer')) return 'integer'
  if (types.includes('number')) return 'number'
  return types.includes('string') ? 'text' : 'json'
}

/**
 * @param {number | undefined} minimum
 * @param {number | undefined} maximum
 */
function spellRange (minimum, maximum) {
  // The ends of an integer type say nothing about the feature.
  const [low, high] = [minimum, maximum].map((end) => end === undefined || Math.abs(end) > 1e9 ? undefined : end)
  if (low !== undefined && high !== undefined) return `${low} to ${high}`
  if (low !== undefined) return `at least ${low}`
  return high === undefined ? undefined : `at most ${high}`
}

/** @param {unknown} value */
function spell (value) {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/**
 * An example as a row where it is one, else as JSON.
 * @param {unknown} example
 */
function spellRow (example) {
  const values = Object.values(Object(example))
  const [row] = values
  const isRow = values.length === 1 && Array.isArray(row) && row.every((value) => typeof value === 'number')
  return isRow ? row.join(', ') : example === undefined ? '' : JSON.stringify(example, null, 2)
}
