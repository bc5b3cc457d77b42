import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { load, type PackageDefinition } from '@grpc/proto-loader'
import { OipError } from '../../codecs/oip/error.js'
import { checkMessage } from './message-limits.js'

/** In the place of a message that cannot be read: the library would call that an error of the server. */
export class MalformedMessage {
  readonly error: OipError

  constructor (cause: unknown) {
    this.error = cause instanceof OipError ? cause : new OipError('the request is not a valid message of its type')
  }
}

const protoFile = fileURLToPath(new URL('../../schemas/inference.proto', import.meta.url))

/** The package of schemas/inference.proto. 64-bit integers are strings: numbers would round them. */
export function loadPackage (): Promise<PackageDefinition> {
  return load(protoFile, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true })
}

/** The inference service, whose messages are replaced by a MalformedMessage where they cannot be read; `mostInputs` as in `checkMessage`. */
export function readService (definition: PackageDefinition, mostInputs: () => number): ServiceDefinition {
  const service = definition['inference.GRPCInferenceService']
  if (service === undefined || 'format' in service) throw new Error(`${protoFile} has no GRPCInferenceService`)
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, { ...method, requestDeserialize: tolerate(name, method.requestDeserialize, mostInputs) }]))
}

function tolerate<T> (method: string, read: (bytes: Buffer) => T, mostInputs: () => number): (bytes: Buffer) => T | MalformedMessage {
  return (bytes) => {
    try {
      checkMessage(method, bytes, mostInputs)
      return read(bytes)
    } catch (error) {
      return new MalformedMessage(error)
    }
  }
}
