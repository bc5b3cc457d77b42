import fp from 'fastify-plugin'
import { ConfigError } from '../../config.js'
import { LazyListener } from './listener.js'

declare module 'fastify' {
  interface FastifyInstance {
    grpc: {
      /** Port that is open; undefined before `listen` and where gRPC is off. */
      readonly port: number | undefined
      /** Opens GRPC_PORT at an address. Rejects with a ConfigError when it cannot be bound. */
      listen (host: string): Promise<void>
    }
  }
}

/** `app.grpc`: the Open Inference Protocol over gRPC, on a port of its own that closes with the instance. */
export default fp(async (app) => {
  const { log, config: { GRPC_PORT } } = app
  const listener = new LazyListener(async () => {
    const { createGrpcServer } = await import('./server.js')
    return await createGrpcServer(app)
  }, (error) => log.error({ err: error }, 'the gRPC server failed'))
  let port: number | undefined

  app.decorate('grpc', {
    get port () { return port },
    async listen (host) {
      if (GRPC_PORT < 0) return
      port = await listener.listen(GRPC_PORT, host).catch((error: NodeJS.ErrnoException) => { throw new ConfigError(explain(error, host, GRPC_PORT), { cause: error }) })
      log.info(`gRPC server listening at ${host}:${port}`)
    }
  })
  // HTTP and gRPC end their calls beside each other, and both before the threads stop.
  app.addHook('preClose', async () => { listener.close().catch((error) => log.error({ err: error }, 'the gRPC server could not be closed')) })
  app.addHook('onClose', () => listener.close())
}, { name: 'grpc', fastify: '5.x', dependencies: ['admin-token', 'api-keys', 'inference', 'metrics', 'models', 'oip'], decorators: { fastify: ['config'] } })

function explain ({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'EADDRINUSE') return `Port ${port} is already in use; set GRPC_PORT to another one, or to -1 for no gRPC`
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `Cannot listen on ${host}:${port} (${code}); set HOST and GRPC_PORT`
  return message
}
