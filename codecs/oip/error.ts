/** Longest message a client is sent: gRPC clients fail on details of more than 16 KiB. */
const maxMessageBytes = 2048

const encoder = new TextEncoder()

/** A request that breaks the Open Inference Protocol or does not fit the model: HTTP 400, gRPC INVALID_ARGUMENT. The message is well-formed and of at most 2 KiB. */
export class OipError extends Error {
  override name = 'OipError'
  statusCode = 400
  constructor (message: string) {
    super(boundMessage(message))
  }
}

/** Cuts a message to 2 KiB of UTF-8 and replaces lone surrogates, on which grpc-js loses the status. */
export function boundMessage (message: string): string {
  const text = message.slice(0, maxMessageBytes).toWellFormed()
  const { read } = encoder.encodeInto(text, new Uint8Array(maxMessageBytes))
  return text.slice(0, read)
}
