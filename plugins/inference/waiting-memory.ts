/** Memory of what waits for a thread: tensors of requests, and bodies and answers that are to be read and written. One for the whole server. */
export class WaitingMemory {
  readonly #limit: number
  #bytes = 0

  /** `limit` in bytes. */
  constructor (limit = Infinity) {
    this.#limit = limit
  }

  /** Whether that much more may wait. A single one may be larger than the limit. */
  admits (bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#limit
  }

  add (bytes: number): void {
    this.#bytes += bytes
  }

  remove (bytes: number): void {
    this.#bytes -= bytes
  }
}
