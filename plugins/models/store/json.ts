import { EntryError } from './errors.js'

function failureOf (text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** True when the text is wrong only because it ends: what follows could still make it JSON. */
function couldContinue (text: string): boolean {
  const failure = failureOf(text)
  if (failure === undefined || failure.startsWith('Unexpected end')) return true
  return Number(/ at position (\d+)/.exec(failure)?.[1] ?? -1) >= text.length
}

/** Index of the first character that cannot be part of a JSON text. V8 leaves it out of some of its messages, so it is searched for. */
function findPosition (text: string): number {
  let good = 0
  let bad = text.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (couldContinue(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

/** Parses the text of a JSON file; an `EntryError` with line and column when it is not JSON. */
export function parseJson (text: string, file: string): unknown {
  const failure = failureOf(text)
  if (failure === undefined) return JSON.parse(text)
  const position = findPosition(text)
  const before = text.slice(0, position).split('\n')
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
  if (/^(NaN|-?Infinity)/.test(text.slice(text[position - 1] === '-' ? position - 1 : position))) {
    throw new EntryError(file, `: is not valid JSON at ${place}: NaN and Infinity are no JSON, write null for a missing value`)
  }
  const found = position < text.length ? `unexpected ${JSON.stringify(text[position])}` : 'it ends too early'
  throw new EntryError(file, `: is not valid JSON at ${place}: ${found}`)
}
