import { parseJson } from '../codecs/json.js'
import { InputReader } from '../codecs/records/prediction-input.js'
import { InvalidJsonError, InvalidRequestError, RuleViolatedError } from '../errors.js'
import type { ReadResult, ReadTask, Refusal } from './contract.js'

const keptReaders = 64

/** Reads big JSON bodies away from the main thread, with the very code that reads small ones there. */
export class BodyReader {
  readonly #readers = new Map<string, InputReader>()

  read ({ body, options, key, face, strict }: ReadTask): ReadResult {
    try {
      return { input: this.#reader(key, options).read(parseJson(body), face, strict) }
    } catch (error) {
      return { refusal: toRefusal(error) }
    }
  }

  #reader (key: string, options: ReadTask['options']): InputReader {
    let reader = this.#readers.get(key)
    if (reader === undefined) {
      reader = new InputReader(options)
      if (this.#readers.size === keptReaders) this.#readers.clear()
      this.#readers.set(key, reader)
    }
    return reader
  }
}

function toRefusal (error: unknown): Refusal {
  if (error instanceof InvalidRequestError || error instanceof RuleViolatedError) {
    return { code: error.code, detail: error.message, errors: error.errors }
  }
  if (error instanceof InvalidJsonError) return { code: error.code, detail: error.message, errors: [] }
  throw error
}
