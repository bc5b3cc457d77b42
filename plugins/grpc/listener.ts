import { createServer, type Server, type Socket } from 'node:net'

/** What serves the connections of a port. */
export interface ConnectionServer {
  /** Takes over a connection, with what has been received on it. */
  take (socket: Socket): void
  /** Takes no new calls, lets those in flight end, and closes all connections. */
  close (): Promise<void>
}

// So that connections whose client vanished without a word do not stay forever.
const keepAliveMs = 60_000

/**
 * A port whose server is loaded when the first bytes arrive: a library that most processes never use costs them neither
 * memory nor time. Connections that are opened and say nothing, as probes do, load nothing.
 */
export class LazyListener {
  readonly #load: () => Promise<ConnectionServer>
  readonly #onError: (error: unknown) => void
  readonly #server: Server
  readonly #waiting = new Set<Socket>()
  #loaded: Promise<ConnectionServer> | undefined
  #closed: Promise<void> | undefined

  constructor (load: () => Promise<ConnectionServer>, onError: (error: unknown) => void) {
    this.#load = load
    this.#onError = onError
    this.#server = createServer({ keepAlive: true, keepAliveInitialDelay: keepAliveMs }, (socket) => this.#accept(socket))
  }

  /** Opens the port and resolves with its number. Rejects with what the system says when it cannot be bound. */
  listen (port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, host }, () => {
        this.#server.off('error', reject)
        // A connection that cannot be accepted, for want of file descriptors say, must not end the process.
        this.#server.on('error', this.#onError)
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** Closes the port and, once the calls in flight have ended, all connections. May be called again, and without an open port. */
  close (): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  async #shutDown (): Promise<void> {
    if (this.#server.listening) this.#server.close()
    for (const socket of this.#waiting) socket.destroy()
    const server = await this.#loaded?.catch(() => undefined)
    await server?.close()
  }

  #accept (socket: Socket): void {
    this.#waiting.add(socket)
    // Nobody else listens until a server has the socket, and a client that resets it is no event.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#waiting.delete(socket))
    socket.once('readable', () => this.#hand(socket).catch(this.#onError))
  }

  async #hand (socket: Socket): Promise<void> {
    if (socket.readableLength === 0) {
      socket.destroy()
      return
    }
    try {
      this.#loaded ??= this.#load()
      const server = await this.#loaded
      if (socket.destroyed) return
      this.#waiting.delete(socket)
      server.take(socket)
    } catch (error) {
      // The next connection tries again.
      this.#loaded = undefined
      socket.destroy()
      throw error
    }
  }
}
