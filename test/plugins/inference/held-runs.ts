import { once } from 'node:events'
import type { ModelQueue } from '../../../plugins/inference/queue.js'
import type { Bench } from './lanes.js'

/** Runs that have begun for the scheduler and for clients, but not on their threads. */
export interface HeldRuns {
  /** Resolves with the thread of the next run. */
  begun: () => Promise<number>
  /** Lets those that are held and all later ones go on. */
  release: () => void
}

/** Makes the runs of a model last until they are released or their thread is lost: nothing else is running for certain when a test looks. */
export function holdRuns ({ pool }: Bench, { key }: ModelQueue): HeldRuns {
  const released = Promise.withResolvers<void>()
  const { infer } = pool
  let next = Promise.withResolvers<number>()

  async function lose (thread: number, signal: AbortSignal): Promise<void> {
    for (;;) if ((await once(pool, 'lost', { signal }))[0] === thread) return
  }

  pool.infer = async (thread, task, transfer) => {
    if (task.key === key) {
      next.resolve(thread)
      next = Promise.withResolvers()
      const over = new AbortController()
      // A thread that runs a model keeps the process alive.
      const running = setInterval(() => {}, 60_000)
      await Promise.race([released.promise, lose(thread, over.signal).catch(() => {})])
      clearInterval(running)
      over.abort()
    }
    return await infer.call(pool, thread, task, transfer)
  }

  return {
    begun: () => next.promise,
    release () {
      pool.infer = infer
      released.resolve()
    }
  }
}
