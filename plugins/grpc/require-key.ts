import { ServerInterceptingCall, type Metadata, type ServerInterceptor } from '@grpc/grpc-js'
import type { FastifyInstance } from 'fastify'
import type { CallStatus } from './status.js'

/** Probes, as over HTTP. */
const open = /^\/(grpc\.health\.v1\.Health\/|inference\.GRPCInferenceService\/Server(Live|Ready)$)/

/** Ends calls without a key before their messages are read. */
export function requireKey (authorize: NonNullable<FastifyInstance['authorizeKey']>, explain: (error: unknown) => CallStatus): ServerInterceptor {
  return ({ path }, call) => new ServerInterceptingCall(call, open.test(path)
    ? {}
    : {
        start (next) {
          next({
            onReceiveMetadata (metadata, pass) {
              try {
                authorize(read(metadata, 'authorization'), read(metadata, 'x-api-key'))
              } catch (error) {
                call.sendStatus(explain(error))
                return
              }
              pass(metadata)
            }
          })
        }
      })
}

function read (metadata: Metadata, name: string): string | undefined {
  return metadata.get(name)[0]?.toString()
}
