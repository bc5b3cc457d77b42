// First of all: what follows does not even load on an old Node.
import './node-version.js'
import { lookup } from 'node:dns/promises'
import { access, constants } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { buildApp } from './app.js'
import { ConfigError, loadConfig, type Config } from './config.js'
import { LogOutput } from './log-output.js'

/** What closed sockets, and threads without a request, leave to do takes no longer; what then still runs is inside a model. */
const lastMs = 1000
/** How often connections that have become idle are closed at the end. */
const idleLookMs = 50
/** A signal that comes again within this time is the same one: npm passes on what its whole group, the server too, has had already. */
const echoMs = 300
/** What a reader of the log gets to take the last lines. */
const writingMs = 500

// Where many objects of a kind survive, V8 makes the others of that kind among the old ones. Such an object keeps its request
// alive until the next full collection, and each request then costs a third more; seen in one process of eight.
setFlagsFromString('--no-allocation-site-pretenuring')

const output = new LogOutput(process.stdout.fd)
let app: FastifyInstance | undefined
try {
  const config = loadConfig()
  const host = await findAddress(config)
  app = await buildApp(config, output.stream)
  closeGracefully(app, config)
  const { models, log } = app
  output.onDropped((lines) => log.warn(`${lines} lines of the log are missing here: nobody read it`))
  const isInTerminal = isatty(process.stdin.fd)
  process.on('SIGHUP', () => {
    // A terminal that closes sends it, too, and is none any more.
    if (isInTerminal && !isatty(process.stdin.fd)) process.kill(process.pid, 'SIGTERM')
    else models.reload({ retry: true }).catch((error) => log.error({ err: error }, 'the model store could not be read'))
  })
  await app.grpc.listen(host)
  await app.listen({ host, port: config.PORT })
  await models.settled()
  trimHeap()
} catch (error) {
  process.stderr.write(`${explain(error as NodeJS.ErrnoException)}\n`)
  await abandon(app)
  await output.end(writingMs)
  process.exit(1)
}

/**
 * The one address that HTTP and gRPC listen on. For `localhost` Fastify would make servers of its own beside `app.server` for its other addresses:
 * what is attached to it would be missing there, and closing would not wait for their requests.
 */
async function findAddress ({ HOST }: Config): Promise<string> {
  const found = await lookup(HOST, { order: 'ipv4first' }).catch(() => undefined)
  if (!found?.address) throw new ConfigError(`HOST is no address of this machine: ${HOST}`)
  return found.address
}

/** Models may be loading already, and a thread that is ended while it loads the native library takes the process with it. */
async function abandon (app: FastifyInstance | undefined): Promise<void> {
  if (app === undefined) return
  app.log.level = 'silent'
  if (!await Promise.race([app.close().then(() => true), delay(lastMs, false)])) process.kill(process.pid, 'SIGKILL')
}

function closeGracefully (app: FastifyInstance, { DRAIN_DELAY_MS, SHUTDOWN_TIMEOUT_MS }: Config): void {
  let isClosing = false
  let given: NodeJS.Signals | undefined
  let signalledAt = 0
  const { close: end } = closeWithGrace({
    delay: false,
    skip: ['SIGHUP', 'SIGINT', 'SIGTERM'],
    logger: app.log,
    onSecondSignal: (signal) => endAtOnce(app, `the server ends at once on a second ${signal}`),
    onSecondError: (err) => endAtOnce(app, 'the server ends at once on a second error', err)
  }, async ({ err, signal = given }) => {
    isClosing = true
    if (err !== undefined) app.log.fatal({ err }, 'the server ends on an error')
    app.models.drain()
    if (signal !== undefined) app.log.info(`the server stops on ${signal}; ${await countConnections(app)} connections are open`)
    if (err === undefined) await delay(DRAIN_DELAY_MS)
    try {
      await close(app, SHUTDOWN_TIMEOUT_MS)
      app.log.info('the server has stopped')
    } finally {
      await output.end(writingMs)
    }
  })
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!isClosing) {
        given = name
        signalledAt = performance.now()
        end()
      } else if (performance.now() - signalledAt > echoMs) {
        endAtOnce(app, `the server ends at once on a second ${name}`)
      }
    })
  }
}

async function close (app: FastifyInstance, timeoutMs: number): Promise<void> {
  const closed = app.close().then(() => true)
  // Node looks for idle ones only once; those whose request was in flight then would be kept until the client leaves.
  setInterval(() => app.server.closeIdleConnections(), idleLookMs).unref()
  const isAnswered = await Promise.race([closed, app.inference.ending.then(() => true), delay(timeoutMs, false)])
  if (!isAnswered) {
    app.log.warn(`the connections that are left after ${timeoutMs} ms are closed`)
    app.server.closeAllConnections()
  }
  if (await Promise.race([closed, delay(lastMs, false)])) return
  if (isAnswered) app.log.warn('the server has stopped; what a model still runs is for nobody and ends with the process')
  await output.end(writingMs)
  if (isAnswered) await leave()
  endAtOnce(app, 'a model does not stop running; the process is killed')
}

/**
 * Ends the process with 0 although a thread is inside a model: the system ends all threads of a process that becomes another program. `process.exit`
 * and `worker.terminate` wait for the thread, and signals leave other exit codes. Returns where that cannot be done: on Windows, before Node 22.15, and where Node's file has gone.
 */
async function leave (): Promise<void> {
  const { execPath, env: { LD_LIBRARY_PATH }, platform } = process
  // A call that fails aborts the process.
  const isThere = await access(execPath, constants.X_OK).then(() => true, () => false)
  if (isThere && platform !== 'win32') process.execve?.(execPath, [execPath, '--eval', '0'], { ...(LD_LIBRARY_PATH !== undefined && { LD_LIBRARY_PATH }) })
}

function countConnections ({ server }: FastifyInstance): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))
}

/** A run cannot be interrupted, and `process.exit` would wait for its thread. */
function endAtOnce ({ config }: FastifyInstance, reason: string, err?: unknown): void {
  pino({ level: config.LOG_LEVEL }, output.immediate).fatal({ err }, reason)
  process.kill(process.pid, 'SIGKILL')
}

function explain ({ code, message, address, port }: NodeJS.ErrnoException & { address?: string, port?: number }): string {
  if (code === 'EADDRINUSE') return `Port ${port} is already in use; set PORT to another one`
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `Cannot listen on ${address}:${port ?? 0} (${code}); set HOST and PORT`
  return message.replaceAll(/\s*\n\s*/g, ' ')
}

/** Starting leaves about 20 MB of garbage, which V8 keeps for as long as nothing more is allocated. */
function trimHeap (): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')({ type: 'major', flavor: 'last-resort' })
}
