import fp from 'fastify-plugin'
import { detach } from '../../codecs/batches.js'
import { countWorkers } from '../../config.js'
import { DrainingError } from '../../errors.js'
import type { InferAnswer, InferParts } from '../../codecs/oip/response.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { DecodeResult, DecodeTask, Description, ModelRef, ReadResult, ReadTask } from '../../workers/contract.js'
import type { Deadline } from './deadline.js'
import { Pool } from './pool.js'
import type { ModelQueue, QueueOptions } from './queue.js'
import type { Outcome } from './request.js'
import { Recycler } from './recycler.js'
import { WaitingMemory } from './waiting-memory.js'
import { Scheduler, type SchedulerOptions } from './scheduler.js'

declare module 'fastify' {
  interface FastifyInstance { inference: Inference }
}

/** One opened model version. */
export interface Lane {
  readonly description: Description
  readonly queue: ModelQueue
  /** Runs one request, merged with what waits beside it. See Scheduler.submit for what it rejects with. */
  submit (inputs: Tensor[], rows: number, deadline: Deadline): Promise<Outcome>
  /** Runs inputs, which are kept, on every thread that holds the model, and later on each that opens it, before its requests. Counts nowhere, never rejects. */
  warmUp (inputs: Tensor[]): Promise<void>
  /** Lets what waits and runs finish, then frees the model. */
  close (): Promise<void>
}

export interface Inference {
  /** Threads of the shared pool once all have come up: what WORKERS asks for. */
  readonly size: number
  /** Threads of the shared pool that are alive. */
  readonly threads: number
  /** Resolves when the server closes and has answered every request: what threads run from then on is for nobody. */
  readonly ending: Promise<void>
  /** Threads that were lost and replaced since the start. */
  readonly replacedThreads: number
  /** Threads that were replaced because of MEMORY_LIMIT_MB. */
  readonly recycledThreads: number
  /** Opens a model in the shared pool, or with `dedicated` in a pool of its own. Rejects with DrainingError once the server is closed. */
  open (model: ModelRef, name: string, options: QueueOptions & { dedicated: boolean }): Promise<Lane>
  /** Reads a big JSON body in a thread; `body` is handed over and must not be used again. What waits for a thread beyond its deadline is refused, here and below. */
  read (task: ReadTask, deadline?: Deadline): Promise<ReadResult>
  /** Reads a big request of the Open Inference Protocol in a thread; its memory is handed over. */
  decode (task: DecodeTask, deadline?: Deadline): Promise<DecodeResult>
  /** Writes a big answer of the Open Inference Protocol in a thread; its memory is handed over. */
  encode (answer: InferAnswer, deadline?: Deadline): Promise<InferParts>
}

/** `app.inference`: the worker threads and who runs on them. */
export default fp(async (app) => {
  const { config, log } = app
  const options: SchedulerOptions = {
    runLimitMs: config.RUN_LIMIT_MS,
    loadLimitMs: config.LOAD_LIMIT_MS,
    memory: new WaitingMemory(config.POOL_WAITING_BYTES),
    targetRunMs: config.TARGET_RUN_MS,
    transferBytes: config.TRANSFER_BYTES
  }
  const schedulers = new Set<Scheduler>()
  const ending = Promise.withResolvers<void>()
  let closed = false

  function start (threads: number): Scheduler {
    const pool = new Pool({ threads, maxHeapMb: config.WORKER_HEAP_MB, nice: config.WORKER_NICE })
    pool.on('lost', (thread) => log.warn({ thread }, 'a worker thread was lost and is replaced'))
    pool.on('error', (error) => log.error({ err: error }, 'a worker thread failed'))
    const scheduler = new Scheduler(pool, options)
    schedulers.add(scheduler)
    return scheduler
  }

  const size = countWorkers(config.WORKERS)
  const shared = start(size)
  const recycler = config.MEMORY_LIMIT_MB > 0 ? new Recycler(schedulers, log, { limitMb: config.MEMORY_LIMIT_MB }) : undefined

  const inference: Inference = {
    size,
    ending: ending.promise,
    get threads () { return shared.threads },
    get replacedThreads () { return [...schedulers].reduce((sum, scheduler) => sum + scheduler.replacedThreads, 0) },
    get recycledThreads () { return recycler?.recycled ?? 0 },
    async open (model, name, { dedicated, ...queueOptions }) {
      if (closed) throw new DrainingError()
      const scheduler = dedicated ? start(queueOptions.instances ?? 1) : shared
      const { description, queue } = await scheduler.open(model, name, queueOptions).catch(async (error) => {
        if (dedicated) await stop(scheduler)
        throw error
      })
      queue.onFailure = (error) => log.error({ model: name, err: error }, `model ${name} is out of service: ${error.message}`)
      return {
        description,
        queue,
        submit: (inputs, rows, deadline) => scheduler.submit(queue, inputs, rows, deadline),
        warmUp: (inputs) => scheduler.warmUp(queue, inputs),
        async close () {
          await scheduler.close(queue)
          if (dedicated) await stop(scheduler)
        }
      }
    },
    read: (task, deadline) => shared.runAnywhere('read', task, ownMemory(task.body), deadline),
    decode: (task, deadline) => shared.runAnywhere('decode', task, ownMemory(task.frame.json ?? [], task.frame.blobs), deadline),
    encode (answer, deadline) {
      const outputs = answer.outputs.map(detach)
      return shared.runAnywhere('encode', { ...answer, outputs }, ownMemory(...outputs.map(({ data }) => data)), deadline)
    }
  }

  async function stop (scheduler: Scheduler): Promise<void> {
    schedulers.delete(scheduler)
    await scheduler.stop()
  }

  app.decorate('inference', inference)
  app.addHook('onClose', async () => {
    closed = true
    ending.resolve()
    recycler?.stop()
    await Promise.all([...schedulers].map(stop))
  })
}, { name: 'inference', fastify: '5.x', decorators: { fastify: ['config'] } })

/** Memory that an array has to itself can be handed over; a slice of Node's shared pool cannot. */
function ownMemory (...arrays: (ArrayBufferView | unknown[])[]): ArrayBuffer[] | undefined {
  const own = arrays.flatMap((array) => {
    if (Array.isArray(array)) return []
    const { buffer, byteLength } = array
    return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0 ? buffer : []
  })
  return own.length > 0 ? own : undefined
}
