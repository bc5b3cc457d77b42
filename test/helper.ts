import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { DestinationStream } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../app.js'
import { loadConfig, type Config } from '../config.js'
import type { ModelQueue } from '../plugins/inference/queue.js'

const zoo = join(import.meta.dirname, 'fixtures/zoo')
const examples = join(import.meta.dirname, '../model-store')

/** The .onnx file of a bare export, such as `identity-float32` or `broken/text`. */
export function zooPath (name: string): string {
  return join(zoo, name, 'model.onnx')
}

/** The .onnx file of an example of the model store. */
export function examplePath (name: string): string {
  return join(examples, name, '1/model.onnx')
}

/** What a model of a temporary store is made of. */
export interface Ingredients {
  /** A bare export of the zoo. */
  zoo?: string
  /** A model of the example store with its documents. */
  example?: string
  version?: string
  /** `model.json`. */
  config?: Record<string, unknown>
  /** Further files of the version folder; objects are written as JSON. */
  files?: Record<string, unknown>
}

/** Writes a model, or one more version of it, into a store. */
export async function addModel (store: string, name: string, { zoo: bare, example, version = '1', config, files = {} }: Ingredients): Promise<void> {
  const folder = join(store, name, version)
  await mkdir(folder, { recursive: true })
  if (bare !== undefined) await cp(join(zoo, bare), folder, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('expected.json') })
  if (example !== undefined) await cp(join(examples, example, '1'), folder, { recursive: true })
  for (const [file, content] of Object.entries(files)) await write(join(folder, file), content)
  if (config !== undefined) await write(join(store, name, 'model.json'), config)
}

/** A temporary store; it goes away with the test. */
export async function makeStore (t: Test, models: Record<string, Ingredients> = {}): Promise<string> {
  const store = t.testdir()
  for (const [name, ingredients] of Object.entries(models)) await addModel(store, name, ingredients)
  return store
}

/** The application, not ready yet; it is closed when the test ends. It logs to `stream`, at the level that the settings say. */
export async function create (t: Test, settings: Partial<Config> = {}, stream?: DestinationStream): Promise<FastifyInstance> {
  // A machine that has other things to do makes the event loop lag, and that is not what is tested.
  const app = await buildApp({ ...loadConfig({}), LOG_LEVEL: 'silent', WORKERS: '2', MAX_EVENT_LOOP_DELAY_MS: 600_000, ...settings }, stream)
  t.teardown(() => app.close())
  return app
}

/** The application once everything that its store holds has been tried. */
export async function build (t: Test, settings: Partial<Config> = {}, stream?: DestinationStream): Promise<FastifyInstance> {
  const app = await create(t, settings, stream)
  await start(app)
  return app
}

export async function start (app: FastifyInstance): Promise<void> {
  await app.ready()
  while (app.models.unready === 'models are being loaded') await delay(5)
}

/** The queue of a model whose requests from now on wait for an hour of company, so that they stay where they are. */
export function hold (app: FastifyInstance, model: string): ModelQueue {
  const { queue } = app.models.get(model).lane
  queue.options.maxDelayUs = 3_600_000_000
  return queue
}

/** Stops the requests for a model on their way to its queue. `reached` resolves with the first of them; after `release` they go on. */
export function stopBefore (app: FastifyInstance, model: string): { reached: Promise<void>, release: () => void } {
  const { lane } = app.models.get(model)
  const { submit } = lane
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  lane.submit = async (...request) => {
    reached.resolve()
    await released.promise
    return await submit(...request)
  }
  return { reached: reached.promise, release: released.resolve }
}

/** Returns once `check` holds, which must last when it does; a check that never does ends with the test's own time limit. */
export async function until (check: () => boolean | Promise<boolean>): Promise<void> {
  while (!await check()) await delay(5)
}

/** What a typed face takes for a positional row: a record where the features have names. */
export function typedInstance (app: FastifyInstance, model: string, row: unknown): unknown {
  const { features } = app.models.get(model).specification.layout
  if (features === undefined || !Array.isArray(row)) return row
  const [only] = features
  if (only?.type === 'vector' && features.length === 1) return { [only.name]: row }
  return Object.fromEntries(features.map(({ name }, index) => [name, row[index]]))
}

async function write (path: string, content: unknown): Promise<void> {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
}
