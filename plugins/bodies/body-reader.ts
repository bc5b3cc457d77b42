import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { ClientGoneError, CorruptBodyError, PayloadTooLargeError } from '../../errors.js'
import { http } from '../http.js'
import { BodyCollector, type BodyParts } from './body-collector.js'
import { createInflater } from './content-encoding.js'
import { freeMemory } from './memory.js'

type Finish = (error?: Error) => void

/**
 * Reads the body of a request, inflated when it is compressed. `limit` counts for the bytes received and for those inflated;
 * `split` says where the body is cut in two. Rejects with PayloadTooLargeError, UnsupportedEncodingError, CorruptBodyError,
 * ClientGoneError, or what `split` throws; then the rest of the body is thrown away as it comes, so that the client gets to
 * read the answer.
 */
export function readBody (request: IncomingMessage, limit: number, split: (length: number) => number): Promise<BodyParts> {
  return new Promise((resolve, reject) => {
    const inflater = createInflater(request.headers['content-encoding'])
    const length = request.headers['content-length']
    const received = length === undefined ? undefined : Number(length)
    if (received !== undefined && received > limit) throw new PayloadTooLargeError(limit)
    const collector = new BodyCollector({ limit, split, expected: inflater === undefined ? received : undefined })
    if (received === 0) return resolve(collector.finish())
    // What has closed before anyone listened would never be heard of.
    if (request.destroyed && !request.readableEnded) throw new ClientGoneError()
    const finish = (error?: Error) => {
      if (error !== undefined) return reject(error)
      try {
        resolve(collector.finish())
      } catch (unfit) {
        reject(unfit)
      }
    }
    if (inflater === undefined) receive(request, collector, finish)
    else receiveInflated(request, inflater, limit, collector, finish)
  })
}

function receive (request: IncomingMessage, collector: BodyCollector, finish: Finish): void {
  const isFromSocket = request instanceof http.IncomingMessage
  const stop = watch(request, request, (chunk) => { if (collector.add(chunk) && isFromSocket) freeMemory(chunk) }, (error) => {
    // After the end there is nothing to be heard any more: the listeners go with the request.
    if (error !== undefined) {
      stop()
      request.resume()
    }
    finish(error)
  })
}

function receiveInflated (request: IncomingMessage, inflater: Transform, limit: number, collector: BodyCollector, finish: Finish): void {
  let received = 0
  const end = (error?: Error) => {
    stopCounting()
    stopCollecting()
    // Behind the end of what is compressed there may be more bytes, which must not reach the inflater: its errors would be nobody's.
    request.unpipe(inflater)
    inflater.on('error', () => {})
    inflater.destroy()
    request.resume()
    finish(error)
  }
  const stopCounting = watch(request, request, (chunk) => {
    received += chunk.byteLength
    if (received > limit) throw new PayloadTooLargeError(limit)
  }, (error) => error === undefined ? stopCounting() : end(error))
  const stopCollecting = watch(request, inflater, (chunk) => { collector.add(chunk) }, end)
  request.pipe(inflater)
}

/** Calls `finish` once with nothing at the end, or with why it did not come to it. Returns what takes the listeners away. */
function watch (request: IncomingMessage, source: IncomingMessage | Transform, take: (chunk: Buffer) => void, finish: Finish): () => void {
  const onData = (chunk: Buffer) => {
    try {
      take(chunk)
    } catch (error) {
      finish(error as Error)
    }
  }
  const onEnd = () => finish()
  const onError = (error: Error) => finish(source === request ? new ClientGoneError() : new CorruptBodyError(error.message))
  const onClose = () => { if (!source.readableEnded) finish(new ClientGoneError()) }
  source.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  return () => { source.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose) }
}
