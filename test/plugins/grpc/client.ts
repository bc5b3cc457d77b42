import { join } from 'node:path'
import { credentials, makeGenericClientConstructor, Metadata, type CallOptions, type ClientDuplexStream, type ClientOptions, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import type { FastifyInstance } from 'fastify'
import { service as healthService } from 'grpc-health-check'
import type { DestinationStream } from 'pino'
import type { Test } from 'tap'
import type { Config } from '../../../config.js'
import { create, start } from '../../helper.js'

// The messages are looked at, not typed: the client is to know no more than the .proto file.
export type Message = Record<string, any>

const definition = loadSync(join(import.meta.dirname, '../../../schemas/inference.proto'), { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true })
export const inferenceService = readService(definition, 'inference.GRPCInferenceService')
export { healthService }

export interface ServiceError extends Error {
  code: number
  details: string
}

/** A client of one service; it is closed when the test ends. */
export class Client {
  readonly #client

  constructor (t: Test, app: FastifyInstance, service: ServiceDefinition = inferenceService, options: ClientOptions = {}) {
    const limits = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }
    this.#client = new (makeGenericClientConstructor(service, 'Service'))(`127.0.0.1:${app.grpc.port}`, credentials.createInsecure(), { ...limits, ...options })
    t.teardown(() => this.#client.close())
  }

  /** A unary call; rejects with the library's error. */
  async call (method: string, request: Message = {}, { headers = {}, onCall, ...options }: CallOptions & { headers?: Record<string, string>, onCall?: (call: { cancel (): void }) => void } = {}): Promise<Message> {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    return await new Promise((resolve, reject) => {
      const call = this.#client[method]?.(request, metadata, options, (error: Error | null, response: Message) => error === null ? resolve(response) : reject(error))
      onCall?.(call)
    })
  }

  /** What a unary call fails with. */
  async fail (method: string, request: Message = {}, options: CallOptions & { headers?: Record<string, string> } = {}): Promise<{ code: number, details: string }> {
    const error = await this.call(method, request, options).then((response) => { throw new Error(`answered ${JSON.stringify(response)}`) }, (error: ServiceError) => error)
    return { code: error.code, details: error.details }
  }

  close (): void {
    this.#client.close()
  }

  stream (method: string, ...rest: unknown[]): ClientDuplexStream<Message, Message> {
    const stream = this.#client[method]?.(...rest)
    // Its end is told by the status.
    stream.on('error', () => {})
    return stream
  }
}

/** Code that a stream ends with. */
export async function finish (stream: ClientDuplexStream<Message, Message>): Promise<number> {
  return await new Promise((resolve) => stream.once('status', ({ code }) => resolve(code)))
}

/** The application with its gRPC port open, once everything that its store holds has been tried. */
export async function serve (t: Test, settings: Partial<Config> = {}, stream?: DestinationStream): Promise<FastifyInstance> {
  const app = await create(t, { GRPC_PORT: 0, ...settings }, stream)
  await start(app)
  await app.grpc.listen('127.0.0.1')
  return app
}

/** A tensor of the iris model, raw. */
export function irisRequest (rows: number[][] = [[5.1, 3.5, 1.4, 0.2]], more: Message = {}): Message {
  return {
    model_name: 'iris',
    inputs: [{ name: 'float_input', datatype: 'FP32', shape: [rows.length, 4] }],
    raw_input_contents: [Buffer.from(new Float32Array(rows.flat()).buffer)],
    ...more
  }
}

/** A service of a loaded file. */
export function readService (definition: PackageDefinition, name: string): ServiceDefinition {
  const service = definition[name]
  if (service === undefined || 'format' in service) throw new Error(`no service ${name}`)
  return service
}
