import { OipError } from './error.js'

const nonFinite = /(?<![\w.+-])-?(?:NaN|Infinity)(?!\w)/g
const longInteger = /(?<![\w.+-])-?\d{16,}(?![\d.eE])/g

/**
 * Parses UTF-8 JSON. Bare NaN, Infinity and -Infinity, which Python clients write, are taken as null and as strings of
 * these words, for a number in JSON that is too large becomes an infinity too. Throws OipError.
 */
export function parseJson (bytes: Uint8Array): unknown {
  return parse(decodeUtf8(bytes))
}

/** The same with every integer of 16 digits or more as a string of its digits: JSON.parse rounds beyond 2^53. */
export function parseJsonWithDigits (bytes: Uint8Array): unknown {
  return parse(replaceOutsideStrings(decodeUtf8(bytes), longInteger, (digits) => `"${digits}"`))
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const finite = replaceOutsideStrings(text, nonFinite, spellNonFinite)
    if (finite === text) throw unparsable(error)
    try {
      return JSON.parse(finite)
    } catch {
      throw unparsable(error)
    }
  }
}

function decodeUtf8 (bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new OipError('failed to parse the request JSON buffer: it is not valid UTF-8')
  }
}

function unparsable (error: unknown): OipError {
  return new OipError(`failed to parse the request JSON buffer: ${String(error)}`)
}

function spellNonFinite (token: string): string {
  if (token.endsWith('NaN')) return 'null'
  return `"${token}"`
}

function replaceOutsideStrings (text: string, pattern: RegExp, replace: (token: string) => string): string {
  let open = text.indexOf('"')
  let close = stringEnd(text, open)
  return text.replace(pattern, (token: string, offset: number) => {
    while (open !== -1 && close <= offset) {
      open = text.indexOf('"', close)
      close = stringEnd(text, open)
    }
    return open !== -1 && open < offset ? token : replace(token)
  })
}

/** Index after the closing quote of the string that opens at `open`. */
function stringEnd (text: string, open: number): number {
  let quote = open
  while (quote !== -1) {
    quote = text.indexOf('"', quote + 1)
    let slash = quote
    while (text[slash - 1] === '\\') slash--
    if (quote !== -1 && (quote - slash) % 2 === 0) return quote + 1
  }
  return text.length
}
