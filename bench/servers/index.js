import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ServerProcess } from './process.js'
import { createStore } from './store.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = join(root, 'model-store')
const startOptions = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts.start.match(/--\S+/)
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

// What Fastify writes by itself.
const ownType = 'application/json; charset=utf-8'
const framing = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

/** Starts the servers that are compared. `dist` is the folder of the built server, `execArgv` goes to its Node only. */
export class Servers {
  #dist
  #execArgv
  #running = []
  #folders = []

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

  /** This project as `npm start` runs it, with its default settings, except that like the others it logs no more than warnings, and takes any port for gRPC. */
  ours (env = {}, options = {}) {
    return this.#start(join(this.#dist, 'server.js'), { env: { MODEL_STORE: examples, LOG_LEVEL: 'warn', GRPC_PORT: '0', ...env }, execArgv: [...startOptions, ...this.#execArgv], ...options })
  }

  /** Bare Fastify with the answer that `ours` gave to this request. */
  async floor (ours, path, body) {
    const response = await ours.post(path, body)
    const headers = ownHeaders(response)
    const answer = await response.text()
    const floor = await this.#start(here('./floor.js'), { env: { ANSWER: answer, HEADERS: JSON.stringify(headers) } })
    const same = await floor.post(path, body)
    const text = await same.text()
    if (text.length === answer.length) return floor
    throw new Error(`the floor answers ${text}, and not ${answer}`)
  }

  /** Bare Fastify that reads the same bytes and writes the answer that `ours` gave to this request. */
  async binaryFloor (ours, { path, body, headers }) {
    const response = await ours.post(path, body, headers)
    const answer = Buffer.from(await response.arrayBuffer())
    const folder = await mkdtemp(join(tmpdir(), 'answer-'))
    this.#folders.push(folder)
    const file = join(folder, 'answer')
    await writeFile(file, answer)
    const floor = await this.#start(here('./binary-floor.js'), { env: { ROUTE: path, ANSWER_FILE: file, HEADERS: JSON.stringify(ownHeaders(response)) } })
    const same = Buffer.from(await (await floor.post(path, body, headers)).arrayBuffer())
    if (response.status === 200 && same.equals(answer)) return floor
    throw new Error(`the answer is ${response.status} with ${answer.length} bytes, and the floor writes ${same.length}`)
  }

  /** A bare service on the gRPC library that answers the tensors that it is sent. */
  echo (grpcPort) {
    return this.#start(here('./echo.js'), { env: { GRPC_PORT: String(grpcPort) } })
  }

  naive (model) {
    return this.#start(here('./naive.js'), { env: { MODEL: model, MODEL_FILE: this.file(model) } })
  }

  /** A model store for one scenario; see createStore(). */
  async store (models) {
    const path = await createStore(models)
    this.#folders.push(path)
    return path
  }

  /** Ends what a scenario started and did not stop, and removes its folders. */
  async close () {
    await Promise.all(this.#running.splice(0).map((server) => server.stop()))
    await Promise.all(this.#folders.splice(0).map((path) => rm(path, { recursive: true })))
  }

  async #start (file, options, tries = 3) {
    try {
      const server = await ServerProcess.start(file, options)
      this.#running.push(server)
      return server
    } catch (error) {
      // Between being found free and being listened on, a port may go to somebody else.
      if (tries === 1 || !/already in use|EADDRINUSE/.test(error.message)) throw error
      return await this.#start(file, options, tries - 1)
    }
  }
}

function ownHeaders (response) {
  return Object.fromEntries([...response.headers].filter(([name, value]) => !framing.has(name) && value !== ownType))
}
