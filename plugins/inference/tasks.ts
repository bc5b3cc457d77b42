import { OverloadedError, WorkerLostError } from '../../errors.js'
import type { Slot, Task } from './slot.js'

interface FloatingTask extends Task {
  bytes: number
}

export interface TaskOptions {
  /** Bytes of the bodies that may wait for a thread to read or write them. */
  waitingBytes: number
  /** Milliseconds that a task may take before its thread is ended. */
  loadLimitMs: number
}

/** Work that is no prediction: tasks of one thread, which open and close its models, and floating ones, which read and write big bodies on any. */
export class Tasks {
  readonly #options: TaskOptions
  readonly #wake: () => void
  readonly #floating: FloatingTask[] = []
  #floatingBytes = 0
  #floatingSince = 0
  #draining: Error | undefined

  /** `wake` is called whenever there may be something new to dispatch. */
  constructor (options: TaskOptions, wake: () => void) {
    this.#options = options
    this.#wake = wake
  }

  /** Whether floating tasks wait for a thread. */
  get areWaiting (): boolean {
    return this.#floating.length > 0
  }

  /** Runs on this very thread, before its predictions. */
  runOn<T> (slot: Slot, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#draining !== undefined) throw this.#draining
      slot.tasks.push({ perform: () => run().then(resolve, reject), refuse: reject })
      this.#wake()
    })
  }

  /** Runs on the first thread that is free, in turn with the models. `bytes` is what it keeps in memory until then; throws OverloadedError when others keep too much already. */
  runAnywhere<T> (run: (thread: number) => Promise<T>, bytes: number): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#draining !== undefined) throw this.#draining
      if (this.#floating.length === 0) this.#floatingSince = performance.now()
      else if (this.#floatingBytes + bytes > this.#options.waitingBytes) throw new OverloadedError()
      this.#floatingBytes += bytes
      this.#floating.push({
        bytes,
        perform: (slot) => run(slot.thread).then(resolve, (cause) => reject(slot.lost ? new WorkerLostError({ cause }) : cause)),
        refuse: reject
      })
      this.#wake()
    })
  }

  /** Gives an idle thread something to do; `queueSince` is how long its longest-waiting model has waited. Says whether there was anything. */
  performNext (slot: Slot, queueSince: number): boolean {
    const task = slot.tasks.shift() ?? this.#takeFloating(queueSince)
    if (task === undefined) return false
    slot.occupy(performance.now() + this.#options.loadLimitMs)
    task.perform(slot).then(() => {
      slot.vacate()
      this.#wake()
    })
    return true
  }

  /** Refuses floating tasks that wait, and whatever comes later. */
  stop (error: Error): void {
    this.#draining = error
    this.#floatingBytes = 0
    for (const task of this.#floating.splice(0)) task.refuse(error)
  }

  #takeFloating (queueSince: number): FloatingTask | undefined {
    if (this.#floatingSince > queueSince) return undefined
    const task = this.#floating.shift()
    if (task === undefined) return undefined
    this.#floatingBytes -= task.bytes
    this.#floatingSince = performance.now()
    return task
  }
}
