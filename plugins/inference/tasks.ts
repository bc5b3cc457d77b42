import { OverloadedError, WorkerLostError } from '../../errors.js'
import { findLapse, type Deadline } from './deadline.js'
import type { Slot, Task } from './slot.js'
import type { WaitingMemory } from './waiting-memory.js'

interface FloatingTask extends Task {
  bytes: number
  deadline: Deadline | undefined
}

export interface TaskOptions {
  /** Holds the bodies that wait for a thread to read or write them. */
  memory: WaitingMemory
  /** Milliseconds that a task may take before its thread is ended. */
  loadLimitMs: number
}

/** Work that is no prediction: tasks of one thread, which open and close its models, and floating ones, which read and write big bodies on any. */
export class Tasks {
  readonly #options: TaskOptions
  readonly #wake: () => void
  #floating: FloatingTask[] = []
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
      // Nobody would ever perform it.
      if (slot.lost) throw new Error('the thread is gone')
      slot.tasks.push({ perform: () => run().then(resolve, reject), refuse: reject })
      this.#wake()
    })
  }

  /**
   * Runs on the first thread that is free, in turn with the models, unless its deadline comes first: then it rejects with DeadlineExceededError or
   * ClientGoneError. `bytes` is what it keeps in memory until then; rejects with OverloadedError when what waits keeps too much already.
   */
  runAnywhere<T> (run: (thread: number) => Promise<T>, bytes: number, deadline?: Deadline): Promise<T> {
    return new Promise((resolve, reject) => {
      const refusal = this.#draining ?? findLapse(deadline, performance.now())
      if (refusal !== undefined) throw refusal
      if (this.#floating.length === 0) this.#floatingSince = performance.now()
      if (!this.#options.memory.admits(bytes)) throw new OverloadedError()
      this.#options.memory.add(bytes)
      this.#floating.push({
        bytes,
        deadline,
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

  /** Refuses floating tasks that nobody waits for any more. */
  dropLapsed (now: number): void {
    if (this.#floating.length > 0) this.#floating = this.#floating.filter((task) => !this.#refuseLapsed(task, now))
  }

  /** Refuses floating tasks that wait, and whatever comes later. */
  stop (error: Error): void {
    this.#draining = error
    for (const task of this.#floating.splice(0)) {
      this.#options.memory.remove(task.bytes)
      task.refuse(error)
    }
  }

  #takeFloating (queueSince: number): FloatingTask | undefined {
    if (this.#floating.length === 0 || this.#floatingSince > queueSince) return undefined
    const now = performance.now()
    this.#floatingSince = now
    for (let task = this.#floating.shift(); task !== undefined; task = this.#floating.shift()) {
      if (this.#refuseLapsed(task, now)) continue
      this.#options.memory.remove(task.bytes)
      return task
    }
    return undefined
  }

  #refuseLapsed (task: FloatingTask, now: number): boolean {
    const lapse = findLapse(task.deadline, now)
    if (lapse === undefined) return false
    this.#options.memory.remove(task.bytes)
    task.refuse(lapse)
    return true
  }
}
