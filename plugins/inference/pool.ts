import { EventEmitter } from 'node:events'
import { Piscina } from 'piscina'
import type { InferResult, InferTask, Worker } from '../../workers/contract.js'
import { Channel } from './channel.js'

export interface PoolOptions {
  threads: number
  /** Heap limit of each thread in MB; a thread that passes it is replaced. Bounds V8 only, not ONNX Runtime's memory. */
  maxHeapMb: number
  /** Steps by which the threads' priority is below that of the main thread, so that it gets a CPU as soon as it has something to do. */
  nice: number
}

interface PoolEvents {
  ready: [thread: number]
  lost: [thread: number]
  retired: [thread: number]
  error: [error: Error]
}

/** One thread, in a Piscina of its own: so it can be replaced while native code still holds it. */
interface Member {
  piscina: Piscina
  channel: Channel
  /** Its first thread; rejects when that does not come up. */
  arrival: PromiseWithResolvers<number>
  /** The task that it is running; settled when there is none. */
  task: Promise<unknown>
  giveUp: ((error: Error) => void) | undefined
  isAbandoned: boolean
}

/** The worker threads. Every task names the thread that runs it: who runs where is decided by the scheduler. */
export class Pool extends EventEmitter<PoolEvents> {
  /** Threads that there should be; one more while one is replaced. */
  readonly #size: number
  readonly #maxHeapMb: number
  readonly #nice: number
  readonly #members = new Map<number, Member>()
  /** Every Piscina that is not ended yet, those of abandoned threads included. */
  readonly #open = new Set<Member>()
  #closing = false

  constructor ({ threads, maxHeapMb, nice }: PoolOptions) {
    super()
    // Telemetry is switched off here because only the main thread's environment counts, and only before the addon loads.
    process.env.ORT_DISABLE_TELEMETRY = '1'
    this.#size = threads
    this.#maxHeapMb = maxHeapMb
    // Elsewhere it would be the priority of the whole process.
    this.#nice = process.platform === 'linux' ? nice : 0
    for (let i = 0; i < threads; i++) this.#start()
  }

  /** Runs a model on one thread. Rejects when the run fails or the thread is lost; `transfer` moves memory instead of copying it. */
  infer (thread: number, task: InferTask, transfer?: ArrayBuffer[]): Promise<InferResult> {
    const member = this.#members.get(thread)
    return member === undefined || this.#closing ? Promise.reject(new Error('the thread is gone')) : member.channel.run(task, transfer)
  }

  /** Runs anything else on one thread. Rejects when the task throws or the thread is lost. */
  run<N extends keyof Worker> (thread: number, name: N, task: Parameters<Worker[N]>[0], transfer?: ArrayBuffer[]): ReturnType<Worker[N]> {
    const member = this.#members.get(thread)
    if (member === undefined || this.#closing) return Promise.reject(new Error('the thread is gone')) as ReturnType<Worker[N]>
    return new Promise((resolve, reject) => {
      member.giveUp = reject
      member.task = member.piscina.run(task, transfer === undefined ? { name } : { name, transferList: transfer }).then(resolve, reject)
    }) as ReturnType<Worker[N]>
  }

  /**
   * Gives up a thread and what it is running; a new one takes its place. The thread itself ends only with its run:
   * a thread that is ended inside native code takes the whole process with it.
   */
  abandon (thread: number): void {
    const member = this.#members.get(thread)
    if (member === undefined) return
    const reason = new Error('the thread was given up')
    member.isAbandoned = true
    this.#forget(thread)
    member.giveUp?.(reason)
    member.channel.giveUp(reason)
    this.#end(member).catch((error) => this.emit('error', error))
    this.#complete()
  }

  /** Starts one thread more and resolves with it once it is ready. Rejects when it does not come up, or the end comes before it. */
  async add (): Promise<number> {
    if (this.#closing) throw new Error('the pool is closed')
    const member = this.#start()
    try {
      return await member.arrival.promise
    } catch (error) {
      member.isAbandoned = true
      await this.#end(member)
      throw error
    }
  }

  /** Ends a thread that runs nothing, for good, and with it all memory that native code keeps for it. */
  async retire (thread: number): Promise<void> {
    const member = this.#members.get(thread)
    if (member === undefined) return
    member.isAbandoned = true
    this.#members.delete(thread)
    this.emit('retired', thread)
    this.#complete()
    await this.#end(member)
  }

  /** Ends all threads, each after what it is running. */
  async close (): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#open].map((member) => this.#end(member)))
  }

  #start (): Member {
    const piscina = new Piscina({
      filename: import.meta.resolve('../../workers/onnx.js'),
      minThreads: 1,
      maxThreads: 1,
      recordTiming: false,
      // A thread that sleeps in Atomics.wait would not hear its channel.
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: this.#maxHeapMb },
      niceIncrement: this.#nice,
      loadBalancer: (_task, [worker]) => worker ?? null
    })
    const member: Member = { piscina, channel: new Channel(), arrival: Promise.withResolvers(), task: Promise.resolve(), giveUp: undefined, isAbandoned: false }
    // Only whoever adds a thread waits for it.
    member.arrival.promise.catch(() => {})
    this.#open.add(member)
    let thread = -1
    piscina.on('workerCreate', (worker: { id: number }) => {
      if (member.isAbandoned) return
      if (thread !== -1) member.channel = new Channel()
      thread = worker.id
      this.#connect(member, thread)
    })
    // Comes before the rejection of what the thread was running.
    piscina.on('workerDestroy', () => {
      member.channel.close()
      // Piscina starts another in its place, unless there are enough without it.
      if (!member.isAbandoned && this.#count() > this.#size) {
        member.isAbandoned = true
        this.#end(member).catch((error) => this.emit('error', error))
      }
      this.#forget(thread)
    })
    piscina.on('error', (error: Error) => this.emit('error', error))
    return member
  }

  #connect (member: Member, thread: number): void {
    const { piscina, channel } = member
    member.task = piscina.run(channel.remote, { name: 'connect', transferList: [channel.remote] }).then(() => {
      if (this.#closing) throw new Error('the pool is closed')
      if (member.isAbandoned || member.channel !== channel) return
      this.#members.set(thread, member)
      this.emit('ready', thread)
      member.arrival.resolve(thread)
    }).catch((error: Error) => {
      member.arrival.reject(error)
      if (!this.#closing) this.emit('error', error)
    })
  }

  /** Threads that serve or are about to. */
  #count (): number {
    let count = 0
    for (const { isAbandoned } of this.#open) if (!isAbandoned) count++
    return count
  }

  /** Starts a thread if there are too few. */
  #complete (): void {
    if (!this.#closing && this.#count() < this.#size) this.#start()
  }

  #forget (thread: number): void {
    if (this.#members.delete(thread) && !this.#closing) this.emit('lost', thread)
  }

  async #end (member: Member): Promise<void> {
    await Promise.all([member.task, member.channel.idle()])
    member.channel.close()
    await member.piscina.destroy()
    this.#open.delete(member)
  }
}
