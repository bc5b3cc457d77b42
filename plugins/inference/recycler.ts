import { DrainingError } from '../../errors.js'
import type { Scheduler } from './scheduler.js'

export interface RecyclerOptions {
  /** Resident memory of the process from which threads are replaced, MB. */
  limitMb: number
  /** Milliseconds between two looks at it. */
  checkMs?: number
  /** Milliseconds from one replacement to the next; more once they have turned out to be in vain. */
  pauseMs?: number
  /** Bytes of resident memory. */
  readRss?: () => number
}

interface Log {
  info: (fields: object, message: string) => void
  warn: (fields: object, message: string) => void
}

const longestPauseMs = 3_600_000

/**
 * Replaces threads, the oldest first and one at a time, while the process has more memory than it may: ONNX Runtime keeps what its largest run
 * took and gives it back only with the thread.
 */
export class Recycler {
  /** Threads that were replaced. */
  recycled = 0
  readonly #schedulers: Iterable<Scheduler>
  readonly #log: Log
  readonly #limitMb: number
  readonly #checkMs: number
  readonly #firstPauseMs: number
  readonly #readRss: () => number
  #timer: NodeJS.Timeout | undefined
  #pauseMs: number
  /** Replacements in a row after which the limit was still passed. */
  #inVain = 0
  #stopped = false

  constructor (schedulers: Iterable<Scheduler>, log: Log, { limitMb, checkMs = 1000, pauseMs = 10_000, readRss = process.memoryUsage.rss }: RecyclerOptions) {
    this.#schedulers = schedulers
    this.#log = log
    this.#limitMb = limitMb
    this.#checkMs = checkMs
    this.#firstPauseMs = this.#pauseMs = pauseMs
    this.#readRss = readRss
    this.#lookIn(checkMs)
  }

  stop (): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #lookIn (ms: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#look().then((next) => this.#lookIn(next), (err) => this.#log.warn({ err }, 'the memory of the process cannot be read: no worker thread is replaced for MEMORY_LIMIT_MB'))
    }, ms).unref()
  }

  /** Replaces a thread if there is reason to. Resolves with the milliseconds until the next look. */
  async #look (): Promise<number> {
    const rssMb = this.#rssMb
    if (rssMb <= this.#limitMb) {
      this.#inVain = 0
      this.#pauseMs = this.#firstPauseMs
      return this.#checkMs
    }
    const scheduler = this.#findOldest()
    const thread = scheduler?.oldestThread
    if (scheduler === undefined) return this.#checkMs
    try {
      await scheduler.renewOldest()
      this.recycled++
      const afterMb = this.#rssMb
      this.#log.info({ thread, rss_mb: rssMb, rss_after_mb: afterMb }, `a worker thread was replaced, because the process had more memory than MEMORY_LIMIT_MB (${this.#limitMb})`)
      this.#inVain = afterMb > this.#limitMb ? this.#inVain + 1 : 0
    } catch (error) {
      // Its pool was closed, with its model or with the server.
      if (error instanceof DrainingError) return this.#checkMs
      this.#log.warn({ thread, err: error, rss_mb: rssMb }, `a worker thread could not be replaced, though the process has more memory than MEMORY_LIMIT_MB (${this.#limitMb})`)
      this.#inVain++
    }
    if (this.#inVain >= this.#threads) this.#slowDown()
    return this.#pauseMs
  }

  /** Every thread is new and it did not help. */
  #slowDown (): void {
    this.#inVain = 0
    this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs)
    this.#log.warn({ rss_mb: this.#rssMb }, `MEMORY_LIMIT_MB (${this.#limitMb}) is below what the server needs: every worker thread was replaced and it still has more; the next is replaced in ${this.#pauseMs / 1000} s`)
  }

  /** Ids of threads rise with time, over all pools. */
  #findOldest (): Scheduler | undefined {
    let oldest: Scheduler | undefined
    for (const scheduler of this.#schedulers) if ((scheduler.oldestThread ?? Infinity) < (oldest?.oldestThread ?? Infinity)) oldest = scheduler
    return oldest
  }

  get #threads (): number {
    let threads = 0
    for (const scheduler of this.#schedulers) threads += scheduler.threads
    return threads
  }

  get #rssMb (): number {
    return Math.round(this.#readRss() / 1024 / 1024)
  }
}
