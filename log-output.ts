import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'

/** A write for every line would cost a quarter of the throughput: lines leave in blocks of so many bytes, or after so many milliseconds. */
const blocks = { minLength: 4096, periodicFlush: 100 }
/** Bytes that wait for a reader who has stopped; what comes then is dropped and counted. */
const maxLength = 4 * 1024 * 1024

/** Where the log goes. It neither fills the memory nor holds up the end of the process when nobody reads it, and its reader may leave. */
export class LogOutput {
  readonly stream: ReturnType<typeof pino.destination>
  /** For the last words of a process that ends in this very turn: tried once, and what waits in the stream stays behind. */
  readonly immediate: { write: (line: string) => void }
  #dropped = 0

  constructor (fd: number) {
    this.stream = pino.destination({ dest: fd, sync: false, ...blocks, maxLength })
    // What pino would call for a fatal line and at the exit: it tries for ever when the reader has left, and nothing else runs meanwhile.
    this.stream.flushSync = () => {}
    // eslint-disable-next-line no-restricted-syntax -- the process ends in this turn, so nobody waits.
    this.immediate = { write: (line) => { try { writeSync(fd, line) } catch { /* Nobody reads it. */ } } }
    this.stream.on('drop', () => { this.#dropped++ })
    // pino itself stops writing to a pipe that is closed.
    this.stream.on('error', () => {})
  }

  /** Calls back with the number of lines that were dropped, once others can be written again. */
  onDropped (report: (lines: number) => void): void {
    this.stream.on('drain', () => {
      if (this.#dropped === 0) return
      const lines = this.#dropped
      this.#dropped = 0
      report(lines)
    })
  }

  /** Writes what there is, for so many milliseconds at most; nothing can be written after it. */
  async end (ms: number): Promise<void> {
    // The first may let a line be written that says how many are missing.
    const written = this.#flush().then(() => this.#flush())
    await Promise.race([written, delay(ms)])
    this.stream.destroy()
  }

  #flush (): Promise<void> {
    return new Promise((resolve) => { this.stream.flush(() => resolve()) })
  }
}
