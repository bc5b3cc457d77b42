import { OipError } from '../codecs/oip/error.js'
import { decodeInferFrame } from '../codecs/oip/request.js'
import type { DecodeResult, DecodeTask } from './contract.js'

/** Reads a big request of the Open Inference Protocol away from the main thread, with the very code that reads small ones there. */
export function readInfer ({ frame, model }: DecodeTask): DecodeResult {
  try {
    return { request: decodeInferFrame(frame, model) }
  } catch (error) {
    if (error instanceof OipError) return { refusal: error.message }
    throw error
  }
}
