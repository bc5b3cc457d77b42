import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.js'
import { loadConfig, type Config } from './config.js'

try {
  const config = loadConfig()
  const app = await buildApp(config)
  closeGracefully(app, config)
  process.on('SIGHUP', () => { app.models.reload().catch((error) => app.log.error({ err: error }, 'the model store could not be read')) })
  await app.listen({ host: config.HOST, port: config.PORT })
  await app.models.settled()
  trimHeap()
} catch (error) {
  process.stderr.write(`${explain(error as NodeJS.ErrnoException)}\n`)
  process.exit(1)
}

function closeGracefully (app: FastifyInstance, config: Config): void {
  closeWithGrace({ delay: config.DRAIN_DELAY_MS + config.SHUTDOWN_TIMEOUT_MS, logger: app.log }, async ({ err }) => {
    if (err !== undefined) app.log.fatal({ err }, 'the server ends on an error')
    app.models.drain()
    if (err === undefined) await delay(config.DRAIN_DELAY_MS)
    await app.close()
  })
}

function explain ({ code, message, address, port }: NodeJS.ErrnoException & { address?: string, port?: number }): string {
  if (code === 'EADDRINUSE') return `Port ${port} is already in use; set PORT to another one`
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `Cannot listen on ${address}:${port} (${code}); set HOST and PORT`
  return message
}

/** Starting leaves about 20 MB of garbage, which V8 keeps for as long as nothing more is allocated. */
function trimHeap (): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')({ type: 'major', flavor: 'last-resort' })
}
