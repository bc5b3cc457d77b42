import { fork } from 'node:child_process'

/** A load generator in a process of its own, which stays warm from one measurement to the next. */
export class LoadProcess {
  #child = fork(new URL('./process.js', import.meta.url), { serialization: 'advanced' })
  #waiting = new Map()
  #last = 0

  constructor () {
    this.#child.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) resolve(result)
      else reject(new Error(error))
    })
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the load generator ended'))
    })
  }

  /** See generate() for the options and what it resolves with. Rejects when an answer is lost or is not 200. */
  async run (options) {
    const result = await this.#ask('http', options)
    const { statuses, lost } = result
    if (lost > 0 || Object.keys(statuses).some((status) => status !== '200')) {
      throw new Error(`answers by status: ${JSON.stringify(statuses)}, lost connections: ${lost}`)
    }
    return result
  }

  /** See generateCalls() for the options and what it resolves with. Rejects when a call fails. */
  runCalls (options) {
    return this.#ask('grpc', options)
  }

  close () {
    this.#child.disconnect()
  }

  #ask (protocol, options) {
    const id = this.#last++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, protocol, options })
    })
  }
}
