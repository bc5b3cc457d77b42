import type { ServerDuplexStream } from '@grpc/grpc-js'
import { DrainingError } from '../../errors.js'
import { CallDeadline } from './calls.js'
import { MalformedMessage } from './definition.js'
import type { Infer } from './inferences.js'
import type { ModelInferRequest, ModelStreamInferResponse } from './messages.js'
import type { CallStatus } from './status.js'

type Call = ServerDuplexStream<ModelInferRequest | MalformedMessage, ModelStreamInferResponse>

export interface InferStreamOptions {
  infer: Infer
  explain: (error: unknown) => CallStatus
  /** Milliseconds that one request may take. */
  limitMs: number
}

// Requests of one stream that are worked on at a time; more are not read before an answer has left.
const maxInFlight = 64

/**
 * One ModelStreamInfer call. Requests run beside each other, answers leave in their order; one that fails is an
 * `error_message` and the stream goes on. What still waits is dropped when the client leaves.
 */
export class InferStream {
  readonly #call: Call
  readonly #options: InferStreamOptions
  #inFlight = 0
  #ending: (() => void) | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor (call: Call, options: InferStreamOptions) {
    this.#call = call
    this.#options = options
    call.on('data', (request) => this.#take(request))
    call.on('end', () => this.#endWith(() => call.end()))
  }

  /** Reads no more requests and ends the call once those that were read are answered. */
  close (): void {
    this.#call.pause()
    this.#endWith(() => this.#call.emit('error', this.#options.explain(new DrainingError())))
  }

  #take (request: ModelInferRequest | MalformedMessage): void {
    if (this.#ending !== undefined) return
    if (++this.#inFlight === maxInFlight) this.#call.pause()
    const answer = this.#answer(request)
    this.#last = this.#last.then(async () => this.#call.write(await answer, () => this.#leave()))
  }

  async #answer (request: ModelInferRequest | MalformedMessage): Promise<ModelStreamInferResponse> {
    const { infer, explain, limitMs } = this.#options
    try {
      if (request instanceof MalformedMessage) throw request.error
      return { error_message: '', infer_response: await infer(request, new CallDeadline(this.#call, limitMs)) }
    } catch (error) {
      // With the id, and only with it, a client can tell which request failed.
      const id = request instanceof MalformedMessage ? '' : request.id
      return { error_message: explain(error).details, infer_response: { id } }
    }
  }

  #leave (): void {
    this.#inFlight--
    if (this.#ending === undefined) this.#call.resume()
    else if (this.#inFlight === 0) this.#ending()
  }

  #endWith (end: () => void): void {
    if (this.#ending !== undefined) return
    this.#ending = end
    if (this.#inFlight === 0) end()
  }
}
