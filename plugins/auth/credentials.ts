import { hash, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '../../config.js'

/** Secrets of which a request has to send one. How long it takes to look tells nothing of them. */
export class Credentials {
  readonly #digests: Buffer[]

  constructor (secrets: string[]) {
    this.#digests = secrets.map(digest)
  }

  has (text: string | undefined): boolean {
    if (text === undefined) return false
    const given = digest(text)
    let found = false
    for (const known of this.#digests) found = timingSafeEqual(given, known) || found
    return found
  }
}

// Digests have one length, whatever was sent.
function digest (text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** The token of an Authorization header (or metadata); undefined when it holds none. */
export function readBearer (authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/** Throws ConfigError when no header could carry the secret; `name` says what it is, for the message must not. */
export function checkSecret (name: string, secret: string): void {
  if (secret === '') throw new ConfigError(`${name} is empty`)
  if (!/^[!-~]+$/.test(secret)) throw new ConfigError(`${name} must consist of visible ASCII characters, without blanks`)
}
