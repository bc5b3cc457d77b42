/**
 * @typedef {import('./form.js').Field} Field
 * @typedef {{ path: string, message: string }} Fault A JSON pointer into the request, and what is wrong there.
 * @typedef {{ face: 'predict' | 'predict/batch', body: unknown }} Request
 */

/**
 * The record that a filled-in form says. What is left empty is left out, so that the server decides what that means.
 * @param {Field[]} fields
 * @param {(name: string) => string | undefined} textOf undefined where a control holds what is no number.
 * @returns {{ record: Record<string, unknown>, faults: Fault[] }}
 */
export function readRecord (fields, textOf) {
  /** @type {[string, unknown][]} */
  const members = []
  /** @type {Fault[]} */
  const faults = []
  for (const field of fields) {
    const text = textOf(field.name)
    if (text?.trim() === '' && !(field.kind === 'text' && field.required)) continue
    const value = text === undefined ? undefined : readValue(field, text)
    if (value === undefined) faults.push({ path: toPointer(field.name), message: field.kind === 'json' ? 'must be JSON, such as [1, 2, 3]' : 'must be a number' })
    else members.push([field.name, value])
  }
  return { record: Object.fromEntries(members), faults }
}

/**
 * The value of a text; undefined when it is none of that kind.
 * @param {Field} field
 * @param {string} text
 * @returns {unknown}
 */
function readValue ({ kind, options }, text) {
  switch (kind) {
    case 'choice': return options[Number(text)]
    case 'text': return text
    case 'json': return tryJson(text)
    default: return readNumber(text)
  }
}

/** @param {string} text */
function readNumber (text) {
  const number = Number(text)
  if (Number.isNaN(number)) return undefined
  // JSON would round it, or make null of it; the server takes the digits of a long integer as text, and refuses others.
  return Number.isSafeInteger(number) || (Number.isFinite(number) && !Number.isInteger(number)) ? number : text.trim()
}

/**
 * The request that the text of a model without named features says: JSON, or a row of values per line.
 * @param {string} text
 * @returns {Request}
 */
export function readRows (text) {
  const whole = tryJson(text.trim())
  if (whole !== undefined) return { face: 'predict', body: toRow(whole) }
  const rows = text.split('\n').filter((line) => line.trim() !== '').map(readRow)
  return rows.length === 1 ? { face: 'predict', body: rows[0] } : { face: 'predict/batch', body: { instances: rows } }
}

/** @param {string} line */
function readRow (line) {
  const whole = tryJson(line)
  return whole !== undefined ? toRow(whole) : line.trim().split(/\s*[,;\t]\s*|\s+/).map(readWord)
}

/** @param {string} word */
function readWord (word) {
  const value = tryJson(word)
  return word === '' ? null : value !== undefined ? value : word
}

/** @param {unknown} value */
function toRow (value) {
  return typeof value === 'object' && value !== null ? value : [value]
}

/** @param {string} text */
function tryJson (text) {
  try {
    return JSON.parse(text, keepOverflow)
  } catch {
    return undefined
  }
}

/**
 * A number that is too large would be sent as null: as text, the server refuses it.
 * @param {string} _key
 * @param {unknown} value
 * @param {{ source?: string }} [context] Older browsers have none.
 */
function keepOverflow (_key, value, context) {
  return typeof value === 'number' && !Number.isFinite(value) ? context?.source ?? String(value) : value
}

/** @param {string} name */
function toPointer (name) {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/**
 * Says at which field each fault of a problem is to be shown; what belongs to no field is said in general.
 * @param {{ detail?: string, errors?: Fault[] }} problem
 * @param {string[]} names
 * @returns {{ byField: Map<string, string>, general: string[] }}
 */
export function placeFaults ({ detail = 'The server gave no reason.', errors = [] }, names) {
  /** @type {Map<string, string>} */
  const byField = new Map()
  /** @type {string[]} */
  const general = []
  for (const { path, message } of errors) {
    const name = names.find((name) => path === toPointer(name) || path.startsWith(`${toPointer(name)}/`))
    if (name === undefined) {
      general.push(path === '' ? message : `${path} ${message}`)
    } else {
      const inner = path.slice(toPointer(name).length)
      byField.set(name, [byField.get(name) ?? [], inner === '' ? message : `${inner} ${message}`].flat().join('\n'))
    }
  }
  return { byField, general: errors.length === 0 ? [detail] : general }
}
