import fp from 'fastify-plugin'
import { ConfigError } from '../../config.js'
import { Loader } from './loader.js'
import { ModelRegistry } from './registry.js'
import { parseInputSchema } from './specification/input-schema.js'
import { ModelStore } from './store/store.js'

declare module 'fastify' {
  interface FastifyInstance { models: ModelRegistry }
}

const watchMs = 1000

/** `app.models`: the registry over the store that the settings name. Loading goes on in the background once the instance is ready. */
export default fp(async (app) => {
  const { config, log, inference } = app
  const store = new ModelStore({
    ...(config.MODEL_PATH === undefined ? { store: config.MODEL_STORE } : { path: config.MODEL_PATH }),
    ...(config.MODEL_PATH !== undefined && config.DEFAULT_MODEL !== undefined && { name: config.DEFAULT_MODEL })
  })
  const inputSchema = config.INPUT_SCHEMA === undefined ? undefined : parseInputSchema(config.INPUT_SCHEMA)
  const loader = new Loader({
    inference,
    log,
    limits: { maxRows: config.MAX_ROWS, batchMax: config.BATCH_MAX, maxSamples: config.MAX_SAMPLES, maxErrors: config.MAX_ERRORS },
    loadLimitMs: config.LOAD_LIMIT_MS,
    threads: inference.size,
    ...(inputSchema !== undefined && { inputSchema })
  })
  const models = new ModelRegistry({
    store,
    loader,
    log,
    ...(config.DEFAULT_MODEL !== undefined && { defaultModel: config.DEFAULT_MODEL })
  })
  app.decorate('models', models)

  const listing = await store.read()
  if (config.DEFAULT_MODEL !== undefined && !listing.models.some(({ name }) => name === config.DEFAULT_MODEL)) {
    throw new ConfigError(`DEFAULT_MODEL names '${config.DEFAULT_MODEL}', which is not in ${listing.root}; it holds ${listing.models.map(({ name }) => name).join(', ') || 'nothing'}`)
  }
  let watcher: NodeJS.Timeout | undefined
  let closing = false
  app.addHook('onReady', async () => {
    models.start(listing).catch((error) => log.error({ err: error }, 'the models could not be loaded'))
    if (config.WATCH) watch()
  })
  app.addHook('preClose', async () => {
    closing = true
    clearTimeout(watcher)
    models.drain()
  })
  app.addHook('onClose', () => models.settled())

  function watch (): void {
    if (closing) return
    watcher = setTimeout(() => {
      models.reload().catch((error) => log.error({ err: error }, 'the model store could not be read')).finally(watch)
    }, watchMs).unref()
  }
}, { name: 'models', fastify: '5.x', dependencies: ['inference'], decorators: { fastify: ['config'] } })
