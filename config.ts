import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { envSchema } from 'env-schema'

const Flag = (description: string) => Type.Boolean({ default: false, description })
const Text = (description: string, value?: string) => Type.String({ description, ...(value !== undefined && { default: value }) })
/** Its value is never shown. */
const Secret = (description: string) => Type.String({ description, writeOnly: true })
const Count = (description: string, value: number, minimum = 1, maximum = 2 ** 31 - 1) => Type.Integer({ description, default: value, minimum, maximum })

const workersAllowed = 'a number from 1 to 999, auto or auto2n1'

/** Every setting of the server. An environment variable of the same name wins over the config file. */
export const ConfigSchema = Type.Object({
  HOST: Text('Address to listen on, or a name whose first address it is. 0.0.0.0 opens the server to the network.', '127.0.0.1'),
  PORT: Count('HTTP port; 0 takes a free one.', 8080, 0, 65535),
  GRPC_PORT: Count('gRPC port; 0 takes a free one, -1 opens none.', 8081, -1, 65535),
  GRPC_OUTPUT: Type.Unsafe<'auto' | 'raw' | 'typed'>({ type: 'string', enum: ['auto', 'raw', 'typed'], default: 'auto', description: 'Form of the tensors in gRPC answers: that of the request, raw_output_contents, or typed contents.' }),
  GRPC_SEND_LIMIT: Count('Bytes of a gRPC answer; 0 sets no limit.', 0, 0),
  MODEL_STORE: Text('Folder that holds the models.', 'model-store'),
  MODEL_PATH: Type.Optional(Text('One .onnx file, version folder or model folder, served instead of the store.')),
  DEFAULT_MODEL: Type.Optional(Text('The model that answers /predict; else the one whose model.json says "default": true, else the only one that can serve. MODEL_NAME is an alias.')),
  INPUT_SCHEMA: Type.Optional(Text('Features of the default model when its metadata names none, as JSON: {"age":"int","income":"float"}.')),
  WORKERS: Type.String({ pattern: '^(auto|auto2n1|[1-9][0-9]{0,2})$', default: 'auto', description: 'Threads that run the models: a number from 1 to 999, auto (one per CPU) or auto2n1 (2 x CPUs + 1).' }),
  BODY_LIMIT: Count('Bytes of a request body, compressed or not. JSON takes far more memory than its bytes: of WORKER_HEAP_MB less 64 MB it may have a 120th part, also where this limit is higher.', 16 * 1024 * 1024, 1024),
  BATCH_MAX: Count('Rows of one /predict/batch request.', 100),
  MAX_ROWS: Count('Rows of one list sent to /predict.', 1000),
  MAX_SAMPLES: Count('Records in the `_samples` of one request.', 1000),
  MAX_ERRORS: Count('Offending fields named in one error.', 50),
  POOL_PARSE_BYTES: Count('JSON bodies from this size on are parsed in the worker threads, so that they do not hold up others.', 128 * 1024, 1, 1024 * 1024),
  POOL_WAITING_BYTES: Count('Bytes of tensors, and of such bodies, that may wait for a thread; beyond that a request is answered 503.', 256 * 1024 * 1024),
  TRANSFER_BYTES: Count('Input tensors from this size on are handed to a thread without a copy; such a run is not repeated when its thread is lost, and requests share a run only up to this size.', 256 * 1024),
  REQUEST_TIMEOUT_MS: Count('Milliseconds after which a prediction is answered 504.', 30_000),
  LATENCY_BUDGET_MS: Count('Milliseconds that a prediction may take, its body included, without a warning in the log; 0 never warns. `latency_budget_ms` in model.json goes before it.', 500, 0),
  REQUEST_RECEIVE_TIMEOUT_MS: Count('Milliseconds that a request may take to arrive, its body included; then it is answered 408.', 120_000),
  KEEP_ALIVE_TIMEOUT_MS: Count('Milliseconds that a connection without requests stays open; longer than that of a proxy in front.', 72_000),
  LINGER_MS: Count('Milliseconds that what is left of a refused request is read and thrown away before its connection is closed, so that a client which sends everything first gets to read why.', 30_000),
  LINGER_BYTES: Count('Bytes that are thrown away like that.', 256 * 1024 * 1024),
  LINGER_CONNECTIONS: Count('Connections that are read like that at a time; beyond that they are closed as soon as the answer is sent.', 4096),
  RUN_LIMIT_MS: Count('Milliseconds after which a run is given up and its thread replaced.', 60_000),
  LOAD_LIMIT_MS: Count('Milliseconds that opening a model may take.', 60_000),
  TARGET_RUN_MS: Count('Milliseconds that a merged run should not exceed, so that other models get their turn; half of it while they have work.', 10),
  WORKER_HEAP_MB: Count('JavaScript heap of each worker thread in MB; a thread that passes it is replaced.', 2048, 128),
  MEMORY_LIMIT_MB: Count('Resident memory of the process in MB from which worker threads are replaced, one after the other, to get back what ONNX Runtime keeps of its largest runs; 0 never. No request fails. While a thread is replaced its models are open twice.', 0, 0),
  WORKER_NICE: Count('How far the worker threads stand back behind the main thread when CPUs are short, from 0 (not at all) to 19; on Linux.', 5, 0, 19),
  DRAIN_DELAY_MS: Count('Milliseconds between SIGTERM and the closing of the sockets; readiness is 503 meanwhile.', 500, 0),
  SHUTDOWN_TIMEOUT_MS: Count('Milliseconds that requests in flight get to finish after that. Once all are answered the server ends with exit code 0, whatever a model still runs; a model that runs for a request that is not answered by then is killed with the process (exit code 137).', 10_000),
  REPOSITORY_CONTROL: Flag('Let clients list, load and unload models over the repository API.'),
  API_KEYS: Type.Optional(Secret('Keys, separated by commas. With them every request but probes and pages needs one, as `Authorization: Bearer …` or `X-API-Key: …`.')),
  ADMIN_TOKEN: Type.Optional(Secret('Bearer token that the repository API asks for; it opens what a key opens, too.')),
  WATCH: Flag('Read the store again every second.'),
  HEALTH_STYLE: Type.Unsafe<'negotiate' | 'text' | 'json' | 'ok'>({ type: 'string', enum: ['negotiate', 'text', 'json', 'ok'], default: 'negotiate', description: 'Form of GET /health: by Accept, `up`, the JSON status, or {"status":"ok"}.' }),
  MAX_EVENT_LOOP_DELAY_MS: Count('Mean lag of the event loop, over a second, from which requests are refused with 503; 0 never.', 1000, 0),
  SERVER_TIMING: Flag('Say in a Server-Timing header where the time of a prediction went.'),
  TRACE: Flag('Allow ?trace=1, which shows the stages of a prediction.'),
  CORS_ORIGIN: Type.Optional(Text('Origins that browsers may call from: one, several separated by commas, or *.')),
  LOG_LEVEL: Type.Unsafe<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'>({ type: 'string', enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info', description: 'fatal, error, warn, info, debug, trace or silent.' }),
  LOG_PREDICTIONS: Count('Predictions that the log line of a request shows, those of the first rows; 0 shows none, for they may be confidential.', 0, 0, 1000),
  DEBUG: Flag('Shown in /service-info; stack traces never leave the log.'),
  MODEL_TYPE: Type.Optional(Text('Free text shown in /service-info.')),
  VERSION: Type.Optional(Text('Version of your deployment, shown in /service-info.')),
  ENVIRONMENT: Type.Optional(Text('Name of your environment, shown in /service-info.'))
})
export type Config = Static<typeof ConfigSchema>

// That of env-schema would take a blank for 0, and null for an empty text.
const strictAjv = new Ajv({ useDefaults: true })
const settings = new Map(Object.entries<TSchema>(ConfigSchema.properties))

/** A setting that cannot be used; the message is one line for the person who starts the server. */
export class ConfigError extends Error {}

/** Reads the settings from an environment and a config file beside it (`server.config.json`, or what CONFIG_FILE names). Throws ConfigError. */
export function loadConfig (env: NodeJS.ProcessEnv = process.env): Config {
  const given = { ...readConfigFile(env.CONFIG_FILE || undefined), ...settingsOf(env) }
  const data = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, convert(settings.get(key), value)]))
  let config: Config
  try {
    config = envSchema<Config>({ schema: structuredClone(ConfigSchema), data, env: false, ajv: strictAjv })
  } catch (error) {
    throw new ConfigError(explain(error as Error, given))
  }
  if (config.PORT !== 0 && config.GRPC_PORT === config.PORT) throw new ConfigError(`GRPC_PORT must be another port than PORT, got ${config.PORT} for both`)
  return config
}

// Bytes of heap that a byte of JSON may take when it is parsed: what fills the heap of a thread inside the parser ends the process.
// {"34":{"34":…}} takes 50, and the text 2.
// Twice that, because the body before it may not be collected yet.
const heapPerJson = 120
// Megabytes that a thread has without any JSON, and what a collection needs beside.
const heapWithoutJsonMb = 64

/** Bytes of JSON that a request may hold. */
export function limitJson ({ BODY_LIMIT, WORKER_HEAP_MB }: Config): number {
  return Math.min(BODY_LIMIT, Math.floor((WORKER_HEAP_MB - heapWithoutJsonMb) * 1024 * 1024 / heapPerJson))
}

/** Threads that WORKERS asks for. */
export function countWorkers (workers: string): number {
  const cpus = availableParallelism()
  if (workers === 'auto') return cpus
  return workers === 'auto2n1' ? 2 * cpus + 1 : Number(workers)
}

function settingsOf (env: NodeJS.ProcessEnv): Record<string, string> {
  const values = [...settings.keys()].map((key) => [key, key === 'DEFAULT_MODEL' ? env.DEFAULT_MODEL || env.MODEL_NAME : env[key]] as const)
  return Object.fromEntries(values.filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
}

/** A text as the type of its setting, where it spells one. */
function convert (schema: TSchema | undefined, value: unknown): unknown {
  if (schema?.type === 'boolean') return { true: true, 1: true, false: false, 0: false }[String(value)] ?? value
  return schema?.type === 'integer' && typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
}

function readConfigFile (named: string | undefined): Record<string, unknown> {
  const file = named ?? 'server.config.json'
  const path = named === undefined ? file : `CONFIG_FILE: ${file}`
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (named === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new ConfigError(`${path} cannot be read: ${(error as Error).message}`)
  }
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`${path} is not valid JSON: ${(error as Error).message}`)
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new ConfigError(`${path} must hold one JSON object`)
  for (const key of Object.keys(values)) {
    if (!settings.has(key)) throw new ConfigError(`${path}: there is no setting ${key}`)
  }
  // As in the environment, what is empty is not set.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
}

function explain (error: Error, data: Record<string, unknown>): string {
  const key = /^env\/(\w+)/.exec(error.message)?.[1]
  const schema = settings.get(key ?? '')
  if (key === undefined || schema === undefined) return error.message
  return `${key} must be ${allowedBy(schema)}${schema.writeOnly === true ? '' : `, got ${JSON.stringify(data[key])}`}`
}

function allowedBy ({ type, enum: values, pattern, minimum, maximum }: TSchema): string {
  if (values !== undefined) return `one of ${values.join(', ')}`
  if (pattern !== undefined) return workersAllowed
  if (type === 'integer') return `an integer from ${minimum} to ${maximum}`
  return type === 'boolean' ? 'true or false' : 'text'
}
