import { EventEmitter } from 'node:events'
import { Piscina } from 'piscina'
import type { Worker } from '../../workers/contract.js'

export interface PoolOptions {
  threads: number
  /** Heap limit of each thread in MB; a thread that passes it is replaced. Bounds V8 only, not ONNX Runtime's memory. */
  maxHeapMb: number
}

interface PoolEvents {
  ready: [thread: number]
  lost: [thread: number]
  error: [error: Error]
}

/** The worker threads. Every task names the thread that runs it: who runs where is decided by the scheduler. */
export class Pool extends EventEmitter<PoolEvents> {
  readonly #piscina: Piscina
  /** Aborting the signal of a busy thread makes Piscina replace it at once, even when native code holds it. */
  readonly #known = new Map<number, AbortController>()
  #target = -1
  #closing = false

  constructor ({ threads, maxHeapMb }: PoolOptions) {
    super()
    // Telemetry is switched off here because only the main thread's environment counts, and only before the addon loads.
    process.env.ORT_DISABLE_TELEMETRY = '1'
    this.#piscina = new Piscina({
      filename: import.meta.resolve('../../workers/onnx.js'),
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      loadBalancer: (_task, workers) => workers.find((worker) => worker.id === this.#target) ?? null
    })
    this.#piscina.on('workerCreate', (worker: { id: number }) => {
      this.#known.set(worker.id, new AbortController())
      this.emit('ready', worker.id)
    })
    // Piscina reports a destroyed thread before it forgets it, and without its id.
    this.#piscina.on('workerDestroy', () => queueMicrotask(() => this.#reportLost()))
    this.#piscina.on('error', (error: Error) => this.emit('error', error))
  }

  /** Runs one task on one thread. Rejects when the task throws or the thread is lost; `transfer` moves memory instead of copying it. */
  run<N extends keyof Worker> (thread: number, name: N, task: Parameters<Worker[N]>[0], transfer?: ArrayBuffer[]): ReturnType<Worker[N]> {
    const signal = this.#known.get(thread)?.signal
    // A Piscina that is closed starts threads again when it is asked to run something.
    if (signal === undefined || this.#closing) return Promise.reject(new Error('the thread is gone')) as ReturnType<Worker[N]>
    this.#target = thread
    return this.#piscina.run(task, transfer === undefined ? { name, signal } : { name, signal, transferList: transfer }) as ReturnType<Worker[N]>
  }

  /** Gives up a thread and what it is running; a new one takes its place. */
  terminate (thread: number): void {
    this.#known.get(thread)?.abort()
  }

  async close (): Promise<void> {
    this.#closing = true
    await this.#piscina.destroy()
  }

  #reportLost (): void {
    if (this.#closing) return
    const alive = new Set(this.#piscina.threads.map((worker) => worker.threadId))
    for (const thread of [...this.#known.keys()]) {
      if (alive.has(thread)) continue
      this.#known.delete(thread)
      this.emit('lost', thread)
    }
  }
}
