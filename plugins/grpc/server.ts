import type { Socket } from 'node:net'
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import type { FastifyInstance } from 'fastify'
import { service as healthService } from 'grpc-health-check'
import { loadPackage, readService, type MalformedMessage } from './definition.js'
import { Health } from './health.js'
import { InferStream } from './infer-stream.js'
import { createInfer } from './inferences.js'
import type { ConnectionServer } from './listener.js'
import { allowLongDeadlines } from './long-deadlines.js'
import type { ModelInferRequest, ModelStreamInferResponse } from './messages.js'
import { requireKey } from './require-key.js'
import { createHandlers } from './service.js'
import { toStatus } from './status.js'

const serviceName = 'inference.GRPCInferenceService'
// Streams that a client may have open on one connection; its library holds back what is more.
const maxStreams = 1024

/** The gRPC server, for connections that are given to it. This module loads the library. */
export async function createGrpcServer (app: FastifyInstance): Promise<ConnectionServer> {
  const { BODY_LIMIT, GRPC_SEND_LIMIT, REQUEST_TIMEOUT_MS, SHUTDOWN_TIMEOUT_MS } = app.config
  const definition = await loadPackage()
  const explain = (error: unknown) => toStatus(error, app.log)
  const infer = createInfer(app)
  const streams = new Set<InferStream>()
  const health = new Health([serviceName], () => app.oip.isServerReady())

  const server = new Server({
    'grpc.max_receive_message_length': BODY_LIMIT,
    'grpc.max_send_message_length': GRPC_SEND_LIMIT === 0 ? -1 : GRPC_SEND_LIMIT,
    'grpc.max_concurrent_streams': maxStreams,
    'grpc.enable_channelz': 0,
    interceptors: app.authorizeKey === null ? [allowLongDeadlines] : [requireKey(app.authorizeKey, explain), allowLongDeadlines]
  })
  server.addService(readService(definition, () => countMostInputs(app)), {
    ...createHandlers(app, infer, explain),
    ModelStreamInfer (call: ServerDuplexStream<ModelInferRequest | MalformedMessage, ModelStreamInferResponse>) {
      const stream = new InferStream(call, { infer, explain, limitMs: REQUEST_TIMEOUT_MS })
      streams.add(stream)
      call.on('close', () => streams.delete(stream))
    }
  })
  server.addService(healthService, health.handlers)
  new ReflectionService(definition).addToServer(server)
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const sockets = new Set<Socket>()
  let whenEmpty = () => {}

  function endCalls (): void {
    health.close()
    for (const stream of streams) stream.close()
  }

  return {
    take (socket) {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        if (sockets.size === 0) whenEmpty()
      })
      injector.injectConnection(socket)
    },

    // The library takes injected connections for closed as soon as they are told to close, so it is their sockets that count.
    async close () {
      const emptied = new Promise<void>((resolve) => { whenEmpty = resolve })
      endCalls()
      server.tryShutdown(() => {})
      const timer = setTimeout(() => {
        server.forceShutdown()
        for (const socket of sockets) socket.destroy()
      }, SHUTDOWN_TIMEOUT_MS)
      if (sockets.size > 0) await emptied
      clearTimeout(timer)
    }
  }
}

function countMostInputs ({ models }: FastifyInstance): number {
  let most = 0
  for (const { versions } of models.list()) for (const { model } of versions.values()) most = Math.max(most, model?.lane.description.inputs.length ?? 0)
  return most
}
