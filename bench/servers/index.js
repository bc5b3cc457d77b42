import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ServerProcess } from './process.js'
import { createStore } from './store.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = join(root, 'model-store')
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

// What Fastify writes by itself.
const ownType = 'application/json; charset=utf-8'
const framing = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

/** Starts the servers that are compared. `dist` is the folder of the built server, `execArgv` goes to its Node only. */
export class Servers {
  #dist
  #execArgv
  #running = []
  #stores = []

  constructor ({ dist = join(root, 'dist'), execArgv = [] } = {}) {
    this.#dist = dist
    this.#execArgv = execArgv
  }

  /** Where the example models are. */
  get examples () {
    return examples
  }

  /** Path of the .onnx file of an example or of a test model. */
  file (model) {
    return model === 'iris' ? join(examples, 'iris/1/model.onnx') : join(root, 'test/fixtures/zoo', model, 'model.onnx')
  }

  /** This project with its default settings, except that like the others it logs no more than warnings, and takes any port for gRPC. */
  ours (env = {}, options = {}) {
    return this.#start(join(this.#dist, 'server.js'), { env: { MODEL_STORE: examples, LOG_LEVEL: 'warn', GRPC_PORT: '0', ...env }, execArgv: this.#execArgv, ...options })
  }

  /** Bare Fastify with the answer that `ours` gave to this request. */
  async floor (ours, path, body) {
    const response = await ours.post(path, body)
    const headers = Object.fromEntries([...response.headers].filter(([name, value]) => !framing.has(name) && value !== ownType))
    const answer = await response.text()
    const floor = await this.#start(here('./floor.js'), { env: { ANSWER: answer, HEADERS: JSON.stringify(headers) } })
    const same = await floor.post(path, body)
    const text = await same.text()
    if (text.length === answer.length) return floor
    throw new Error(`the floor answers ${text}, and not ${answer}`)
  }

  naive (model) {
    return this.#start(here('./naive.js'), { env: { MODEL: model, MODEL_FILE: this.file(model) } })
  }

  /** A model store for one scenario; see createStore(). */
  async store (models) {
    const path = await createStore(models)
    this.#stores.push(path)
    return path
  }

  /** Ends what a scenario started and did not stop, and removes its stores. */
  async close () {
    await Promise.all(this.#running.splice(0).map((server) => server.stop()))
    await Promise.all(this.#stores.splice(0).map((path) => rm(path, { recursive: true })))
  }

  async #start (file, options) {
    const server = await ServerProcess.start(file, options)
    this.#running.push(server)
    return server
  }
}
