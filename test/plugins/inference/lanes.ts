import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import type { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import type { Tensor } from '../../../codecs/tensor.js'
import { WaitingMemory } from '../../../plugins/inference/waiting-memory.js'
import type { Deadline } from '../../../plugins/inference/deadline.js'
import { Pool } from '../../../plugins/inference/pool.js'
import type { ModelQueue, QueueOptions } from '../../../plugins/inference/queue.js'
import type { Outcome } from '../../../plugins/inference/request.js'
import { Scheduler, type SchedulerOptions } from '../../../plugins/inference/scheduler.js'
import { zooPath } from '../../helper.js'

const workers = new Map<number, Worker>()
process.on('worker', (worker) => workers.set(worker.threadId, worker))

/** A scheduler on real threads. */
export interface Bench {
  pool: Pool
  scheduler: Scheduler
  /** Ids of the threads that are alive. */
  threads: Set<number>
}

export function startBench (t: Test, threads: number, options: Partial<SchedulerOptions> = {}): Bench {
  const pool = new Pool({ threads, maxHeapMb: 512, nice: 0 })
  const alive = new Set<number>()
  pool.on('ready', (thread) => alive.add(thread))
  pool.on('lost', (thread) => alive.delete(thread))
  pool.on('retired', (thread) => alive.delete(thread))
  pool.on('error', (error) => t.fail(error))
  const scheduler = new Scheduler(pool, { runLimitMs: 30_000, loadLimitMs: 30_000, memory: new WaitingMemory(), targetRunMs: 10, transferBytes: 2 ** 20, ...options })
  t.teardown(() => scheduler.stop())
  return { pool, scheduler, threads: alive }
}

export const generous: QueueOptions = { maxRows: 64, maxDelayUs: 0, queueRows: 1_000_000, timeoutMs: 60_000 }

/** Opens a model of the zoo, or of any path; it is merged without a probe. */
export async function open (scheduler: Scheduler, model: string, options: Partial<QueueOptions> = {}): Promise<ModelQueue> {
  const path = model.endsWith('.onnx') ? model : zooPath(model)
  const { queue } = await scheduler.open({ key: randomUUID(), path, folder: dirname(path) }, model, { ...generous, ...options })
  queue.serve(true)
  return queue
}

/** A deadline far away, or `ms` from now. */
export function deadlineIn (ms = 60_000): Deadline & { cancelled: boolean, cancel: () => void } {
  return {
    at: performance.now() + ms,
    ms,
    cancelled: false,
    cancel () {
      this.cancelled = true
    }
  }
}

/** Rows of `fails-on-13` and of other graphs with one float column `x`. */
export function column (...values: number[]): Tensor[] {
  return [{ name: 'x', type: 'float32', dims: [values.length, 1], data: Float32Array.from(values) }]
}

/** Input of `slow`: about five milliseconds for each row. */
export function slowRows (rows: number): Tensor[] {
  return [{ name: 'x', type: 'float32', dims: [rows, 4], data: new Float32Array(rows * 4).fill(0.5) }]
}

/** Input of `stuck`: half a million turns take about a second. */
export function turns (count: number): Tensor[] {
  return [{ name: 'n', type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(count)) }]
}

export function values ({ outputs }: Outcome): unknown[] {
  return [...outputs[0]?.data ?? []]
}

/** What a promise rejects with: its error code, or `none` when it resolves. */
export function codeOf (promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'none', (error: { code?: string, message: string }) => error.code ?? error.message)
}

/** Ends a thread from outside, the way a crash does: what it was running is lost. Returns once the pool knows. */
export async function kill ({ pool }: Bench, thread: number): Promise<void> {
  const lost = new Promise<void>((resolve) => pool.on('lost', (id) => { if (id === thread) resolve() }))
  await workers.get(thread)?.terminate()
  await lost
}

/** Rows for `identity-float32` that hold their own number. */
export function wide (rows: number, width: number): Tensor & { data: Float32Array<ArrayBuffer> } {
  const data = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) data.fill(row, row * width, (row + 1) * width)
  return { name: 'x', type: 'float32', dims: [rows * width / 2, 2], data }
}
