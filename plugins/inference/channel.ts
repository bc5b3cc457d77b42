import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { InferReply, InferResult, InferTask } from '../../workers/contract.js'

interface Caller {
  resolve: (result: InferResult) => void
  reject: (error: Error) => void
}

/**
 * The way of predictions to one thread, one at a time. Piscina starts, replaces and ends the threads, but a task of its
 * own costs 65 µs of the main thread where a message costs 10, and that is what a lone client waits for.
 */
export class Channel {
  /** The thread's end; to be transferred to it. */
  readonly remote: MessagePort
  readonly #port: MessagePort
  #caller: Caller | undefined
  #isRunning = false
  #onIdle: (() => void) | undefined

  constructor () {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.remote = port2
    port1.on('message', (reply: InferReply) => this.#receive(reply))
    // Only what is running keeps the process alive.
    port1.unref()
  }

  /** Rejects when the run fails or the thread is lost; `transfer` moves memory instead of copying it. */
  run (task: InferTask, transfer: ArrayBuffer[] | undefined): Promise<InferResult> {
    return new Promise((resolve, reject) => {
      this.#port.postMessage(task, transfer)
      this.#caller = { resolve, reject }
      this.#isRunning = true
      this.#port.ref()
    })
  }

  /** Nobody waits any more for what is running; the thread goes on with it. */
  giveUp (error: Error): void {
    this.#caller?.reject(error)
    this.#caller = undefined
  }

  /** Resolves when nothing is running. */
  async idle (): Promise<void> {
    if (this.#isRunning) await new Promise<void>((resolve) => { this.#onIdle = resolve })
  }

  /** The thread is gone, or about to go. */
  close (): void {
    this.giveUp(new Error('the thread was lost'))
    this.#settle()
    this.#port.close()
  }

  #receive (reply: InferReply): void {
    const caller = this.#caller
    this.#caller = undefined
    this.#settle()
    if ('error' in reply) caller?.reject(reply.error)
    else caller?.resolve(reply)
  }

  #settle (): void {
    this.#isRunning = false
    this.#port.unref()
    this.#onIdle?.()
    this.#onIdle = undefined
  }
}
