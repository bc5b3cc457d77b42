import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js'
import { Deadline } from '../deadline.js'
import { MalformedMessage } from './definition.js'
import type { CallStatus } from './status.js'

/** The part of a call that says how long its client waits. */
export interface TimedCall {
  /** Also of a call that has been answered. */
  readonly cancelled: boolean
  getDeadline (): Date | number
}

/** Until when the client of a call waits, at most `limitMs` from now; cancelled with the call. */
export class CallDeadline extends Deadline {
  readonly #call: TimedCall

  constructor (call: TimedCall, limitMs: number) {
    super(remainingMs(call, limitMs))
    this.#call = call
  }

  get cancelled (): boolean {
    return this.#call.cancelled
  }
}

/** Milliseconds that the client of a call still waits, at most `limitMs`. */
export function remainingMs (call: Pick<TimedCall, 'getDeadline'>, limitMs: number): number {
  // Where none is left the library has answered already; a deadline further off than it can count lies in the past, too.
  const leftMs = Math.ceil(Number(call.getDeadline()) - Date.now())
  return leftMs > 0 ? Math.min(limitMs, leftMs) : limitMs
}

/** A handler as the library calls it, from one that returns its answer or throws. */
export function unary<Request, Response> (
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
  explain: (error: unknown) => CallStatus
) {
  return async (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): Promise<void> => {
    let response
    try {
      if (call.request instanceof MalformedMessage) throw call.request.error
      response = await handle(call.request, call)
    } catch (error) {
      callback(explain(error))
      return
    }
    callback(null, response)
  }
}
