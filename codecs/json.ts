import { isUtf8 } from 'node:buffer'
import secureJson from 'secure-json-parse'
import { InvalidJsonError } from '../errors.js'

/** Parses a JSON body; refuses bytes that are no UTF-8 and objects that carry `__proto__`. Throws InvalidJsonError. */
export function parseJson (body: Uint8Array): unknown {
  if (!isUtf8(body)) throw refuse('it is not encoded in UTF-8')
  if (body.byteLength === 0) throw refuse('it is empty')
  try {
    return secureJson.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString())
  } catch (error) {
    throw refuse((error as Error).message)
  }
}

function refuse (reason: string): Error {
  return new InvalidJsonError(`The body is not valid JSON: ${reason}`)
}
