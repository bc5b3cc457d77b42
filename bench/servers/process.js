import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const startLimitMs = 60_000
// Linux counts CPU time for user space in hundredths of a second.
const tickMs = 10

/** A server under test: a child process with nothing of this process's environment but PATH and HOME. */
export class ServerProcess {
  port
  startedAt
  /** Milliseconds from spawning to the first 200 of its readiness probe. */
  readyMs
  #child
  #errors = ''

  constructor (child, port, startedAt) {
    this.port = port
    this.startedAt = startedAt
    this.#child = child
    child.stderr.on('data', (text) => { this.#errors += text })
    child.stdout.resume()
  }

  /** Resolves when `ready` answers 200. `file` runs under the Node of this process. */
  static async start (file, { env = {}, args = [], execArgv = [], ready = '/ready', everyMs = 20 } = {}) {
    const port = await findPort()
    const startedAt = performance.now()
    const { PATH, HOME } = process.env
    const child = spawn(process.execPath, [...execArgv, file, ...args], { env: { PATH, HOME, PORT: String(port), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const server = new ServerProcess(child, port, startedAt)
    try {
      await server.#wait(ready, everyMs)
    } catch (error) {
      child.kill()
      throw error
    }
    return server
  }

  get pid () {
    return this.#child.pid
  }

  get url () {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resident memory in MB; NaN where there is no /proc. */
  get rssMb () {
    return this.#readMb('VmRSS')
  }

  /** The most resident memory that it has ever had, in MB; NaN where there is no /proc. */
  get peakRssMb () {
    return this.#readMb('VmHWM')
  }

  /** Milliseconds of CPU that all its threads have used; NaN where there is no /proc. */
  get cpuMs () {
    try {
      const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) * tickMs
    } catch {
      return NaN
    }
  }

  /** POSTs a body, JSON unless it is text or bytes already, and resolves with the response. */
  post (path, body, headers = { 'content-type': 'application/json' }) {
    // Nothing is compressed: the load generators do not ask for it either.
    return fetch(this.url + path, { method: 'POST', headers: { 'accept-encoding': 'identity', ...headers }, body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) })
  }

  signal (name) {
    this.#child.kill(name)
  }

  async stop () {
    if (this.#hasExited) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
  }

  get #hasExited () {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #readMb (field) {
    try {
      return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]) / 1024
    } catch {
      return NaN
    }
  }

  async #wait (path, everyMs) {
    while (performance.now() - this.startedAt < startLimitMs) {
      if (this.#hasExited) break
      const response = await fetch(this.url + path).catch(() => undefined)
      await response?.arrayBuffer()
      if (response?.status === 200) {
        this.readyMs = performance.now() - this.startedAt
        return
      }
      await delay(everyMs)
    }
    throw new Error(`the server did not start: ${this.#errors}`)
  }
}

/** A port that is free now. */
export async function findPort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
