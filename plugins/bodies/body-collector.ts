import { InvalidRequestError, PayloadTooLargeError } from '../../errors.js'
import { freeMemory } from './memory.js'

/** A body in two parts, each in memory of its own unless the body is small. */
export interface BodyParts {
  head: Buffer
  tail: Buffer
}

export interface CollectorOptions {
  /** Bytes that the body may have. */
  limit: number
  /** Bytes that it will have; undefined when that is not known. */
  expected: number | undefined
  /** Bytes of the head, given those of the body. May throw. */
  split: (length: number) => number
}

/** Up to this size a body that lies in one piece stays where it is. */
const smallBytes = 65_536
/** What a body of unknown length gets at first. */
const firstBytes = 4096
const empty = Buffer.alloc(0)

/**
 * Brings the chunks of a body together in two parts; the tail begins at an address where any tensor may begin. Every byte is
 * copied once where the length of the body is known; else the bytes gather in a buffer that grows with them, and no chunk is
 * kept: it takes hundreds of bytes, whatever it holds. Nothing is allocated before the first bytes are there.
 */
export class BodyCollector {
  readonly #options: CollectorOptions
  readonly #headLength: number | undefined
  #length = 0
  /** The body as far as it is there, unless it goes straight into its parts. */
  #whole: Buffer = empty
  #parts: BodyParts | undefined

  /** Throws PayloadTooLargeError, and what `split` throws, for a body that is known to be unfit. */
  constructor (options: CollectorOptions) {
    const { expected, limit, split } = options
    if (expected !== undefined && expected > limit) throw new PayloadTooLargeError(limit)
    this.#options = options
    this.#headLength = expected === undefined ? undefined : split(expected)
  }

  /** Whether the chunk has been copied, so that its own memory is not needed any more. Throws PayloadTooLargeError. */
  add (chunk: Buffer): boolean {
    const { expected, limit } = this.#options
    const at = this.#length
    if (at + chunk.byteLength > limit) throw new PayloadTooLargeError(limit)
    this.#length += chunk.byteLength
    if (expected === undefined) {
      this.#reserve(this.#length)
      chunk.copy(this.#whole, at)
      return true
    }
    if (chunk.byteLength === expected) {
      this.#whole = chunk
      return false
    }
    this.#parts ??= allocateParts(expected, this.#headLength ?? 0)
    write(this.#parts, at, chunk)
    return true
  }

  /** Throws InvalidRequestError for a body that ended early, and what `split` throws. */
  finish (): BodyParts {
    const { expected } = this.#options
    if (expected !== undefined && expected !== this.#length) throw new InvalidRequestError('The body is not as long as its Content-Length says')
    if (this.#parts !== undefined) return this.#parts
    const headLength = this.#headLength ?? this.#options.split(this.#length)
    const whole = this.#whole.subarray(0, this.#length)
    const mayStay = expected !== undefined || headLength === whole.byteLength
    if (mayStay && whole.byteLength <= smallBytes) return { head: whole.subarray(0, headLength), tail: whole.subarray(headLength) }
    const parts = allocateParts(whole.byteLength, headLength)
    write(parts, 0, whole)
    if (expected === undefined) freeMemory(this.#whole)
    return parts
  }

  #reserve (length: number): void {
    const { byteLength } = this.#whole
    if (length <= byteLength) return
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#options.limit, Math.max(length, 2 * byteLength, firstBytes)))
    this.#whole.copy(grown)
    freeMemory(this.#whole)
    this.#whole = grown
  }
}

function allocateParts (length: number, headLength: number): BodyParts {
  return { head: Buffer.allocUnsafeSlow(headLength), tail: Buffer.allocUnsafeSlow(length - headLength) }
}

function write ({ head, tail }: BodyParts, at: number, chunk: Buffer): void {
  const inHead = Math.max(0, head.byteLength - at)
  if (inHead > 0) chunk.copy(head, at)
  if (inHead < chunk.byteLength) chunk.copy(tail, Math.max(0, at - head.byteLength), inHead)
}
