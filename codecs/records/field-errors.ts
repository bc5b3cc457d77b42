import { InvalidRequestError } from '../../errors.js'
import type { FieldError } from '../../errors.js'

const longestGot = 80

/** A JSON pointer one step below another. */
export function pointer (parent: string, key: string | number): string {
  return typeof key === 'number' ? `${parent}/${key}` : `${parent}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** A field that does not hold what it should; `expected` is a noun phrase. */
export function mismatch (path: string, expected: string, value: unknown): FieldError {
  const article = /^(one of|true or false|null)\b/.test(expected) ? '' : /^[aeiou]/.test(expected) ? 'an ' : 'a '
  return { path, message: `must be ${article}${expected}`, expected, got: describe(value) }
}

/** What the index is of with which the path of an error begins: a row of a list that is the whole body, or a value of such a row. */
export type IndexNoun = 'row' | 'value'

export interface RefusalOptions {
  detail?: string | undefined
  noun?: IndexNoun | undefined
  /** How many are listed; who looks for one more knows whether there are others. */
  most?: number
}

/** The error that lists the offending fields; its detail is the first one's message if it is the only one. */
export function refuse (errors: FieldError[], { detail, noun, most = Infinity }: RefusalOptions = {}): InvalidRequestError {
  const [first] = errors
  const listed = errors.slice(0, most)
  if (detail !== undefined || first === undefined) return new InvalidRequestError(detail ?? 'The request is invalid', listed)
  if (errors.length > 1) return new InvalidRequestError(`${countFound(errors.length, most)} fields are invalid`, listed)
  return new InvalidRequestError(`${nameSubject(first.path, noun)} ${first.message}`, listed)
}

/** The number of what was found before the search ended, which it does with the first that is not listed. */
export function countFound (found: number, most: number): string {
  return found > most ? `At least ${found}` : String(found)
}

function nameSubject (path: string, noun: IndexNoun | undefined): string {
  if (path === '') return 'The body'
  const place = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  if (noun === undefined) return place
  return `${noun} ${noun === 'row' ? place.replace('/', ': ') : place}`
}

/** A value as short JSON with its type, for people. */
export function describe (value: unknown): string {
  const json = abbreviate(value, 0)
  const short = json.length > longestGot ? `${json.slice(0, longestGot - 1)}…` : json
  if (Array.isArray(value)) return `${short} (array of ${value.length})`
  return value === null || typeof value === 'number' ? short : `${short} (${typeof value})`
}

function abbreviate (value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.length > longestGot ? `${value.slice(0, longestGot)}…` : value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === 3) return Array.isArray(value) ? '[…]' : '{…}'
  if (Array.isArray(value)) return `[${joinFirst(value, (item) => abbreviate(item, depth + 1))}]`
  return `{${joinFirst(Object.entries(value), ([key, item]) => `${abbreviate(key, depth)}:${abbreviate(item, depth + 1)}`)}}`
}

function joinFirst<T> (items: T[], show: (item: T) => string): string {
  const shown = items.slice(0, 8).map(show)
  return (items.length > shown.length ? [...shown, '…'] : shown).join(',')
}

/** The name that a misspelt one most likely means, or undefined; bounded work, whatever the client sends. */
export function nearestName (name: string, names: string[]): string | undefined {
  const tolerance = Math.max(1, Math.floor(name.length / 3))
  if (name.length > 64 || names.length > 200) return undefined
  let nearest: string | undefined
  let least = tolerance + 1
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

function editDistance (a: string, b: string): number {
  let row = Array.from({ length: b.length }, (_, index) => index + 1)
  let distance = b.length
  for (let i = 0; i < a.length; i++) {
    let diagonal = i
    distance = i + 1
    row = row.map((above, j) => {
      distance = Math.min(distance + 1, above + 1, diagonal + (a[i] === b[j] ? 0 : 1))
      diagonal = above
      return distance
    })
  }
  return distance
}
