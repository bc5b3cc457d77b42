// First of all: what follows does not even load on an old Node.
import './node-version.js'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { buildApp } from './app.js'
import { loadConfig, type Config } from './config.js'

/** What closed sockets leave to do takes no longer; what then still runs is inside a model. */
const lastMs = 1000
const writingMs = 100

/** A write for every line would cost a quarter of the throughput: lines leave in blocks of so many bytes, or after so many milliseconds. */
const logBlock = { minLength: 4096, periodicFlush: 100 }

let app: FastifyInstance | undefined
try {
  const config = loadConfig()
  app = await buildApp(config, pino.destination({ dest: process.stdout.fd, sync: false, ...logBlock }))
  closeGracefully(app, config)
  const { models, log } = app
  process.on('SIGHUP', () => { models.reload({ retry: true }).catch((error) => log.error({ err: error }, 'the model store could not be read')) })
  await app.grpc.listen()
  await app.listen({ host: config.HOST, port: config.PORT })
  await models.settled()
  trimHeap()
} catch (error) {
  process.stderr.write(`${explain(error as NodeJS.ErrnoException)}\n`)
  await abandon(app)
  process.exit(1)
}

/** Models may be loading already, and a thread that is ended while it loads the native library takes the process with it. */
async function abandon (app: FastifyInstance | undefined): Promise<void> {
  if (app === undefined) return
  app.log.level = 'silent'
  if (!await Promise.race([app.close().then(() => true), delay(lastMs, false)])) process.kill(process.pid, 'SIGKILL')
}

function closeGracefully (app: FastifyInstance, { DRAIN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }: Config): void {
  closeWithGrace({
    delay: false,
    skip: ['SIGHUP'],
    logger: app.log,
    onSecondSignal: (signal) => endAtOnce(app, `the server ends at once on a second ${signal}`),
    onSecondError: (err) => endAtOnce(app, 'the server ends at once on a second error', err)
  }, async ({ err }) => {
    if (err !== undefined) app.log.fatal({ err }, 'the server ends on an error')
    app.models.drain()
    if (err === undefined) await delay(DRAIN_DELAY_MS)
    const closed = app.close().then(() => true)
    if (await Promise.race([closed, delay(SHUTDOWN_TIMEOUT_MS, false)])) return
    app.log.warn(`the connections that are left after ${SHUTDOWN_TIMEOUT_MS} ms are closed`)
    app.server.closeAllConnections()
    if (!await Promise.race([closed, delay(lastMs, false)])) endAtOnce(app, 'a model does not stop running; the process is killed')
  })
}

/** A run cannot be interrupted, and `process.exit` would wait for its thread. */
function endAtOnce (app: FastifyInstance, reason: string, err?: unknown): void {
  app.log.fatal({ err }, reason)
  // The line is written by another thread, and nothing may be left to the event loop here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, writingMs)
  process.kill(process.pid, 'SIGKILL')
}

function explain ({ code, message, address, port, hostname }: NodeJS.ErrnoException & { address?: string, port?: number, hostname?: string }): string {
  if (code === 'EADDRINUSE') return `Port ${port} is already in use; set PORT to another one`
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `Cannot listen on ${address}:${port ?? 0} (${code}); set HOST and PORT`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `HOST is no address of this machine: ${hostname}`
  return message.replaceAll(/\s*\n\s*/g, ' ')
}

/** Starting leaves about 20 MB of garbage, which V8 keeps for as long as nothing more is allocated. */
function trimHeap (): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')({ type: 'major', flavor: 'last-resort' })
}
