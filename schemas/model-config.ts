import { Type, type Static } from '@sinclair/typebox'

/** Names of models: the only names from which paths and URLs are ever made. */
export const modelNamePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'
export const versionPattern = '^[1-9][0-9]*$'
export const labelPattern = '^[a-z][a-z0-9_-]{0,63}$'

const closed = { additionalProperties: false } as const

const VersionNumberSchema = Type.String({ pattern: versionPattern, title: 'a version number in quotes, such as "1"' })

export const VersionPolicySchema = Type.Union([Type.Literal('latest'), Type.Literal('all'), Type.Array(VersionNumberSchema, { minItems: 1, uniqueItems: true })], {
  title: '"latest", "all" or a list of version numbers such as ["1", "3"]',
  description: 'Which versions are served. `latest` is the highest; if it is broken, the next lower one serves.',
  default: 'latest'
})
export type VersionPolicy = Static<typeof VersionPolicySchema>

export const ResponseStyleSchema = Type.Unsafe<'scalar' | 'list' | 'label'>({
  type: 'string',
  enum: ['scalar', 'list', 'label'],
  description: '`scalar` mirrors the input: a record gives a value, a list a list. `list` is always a list. `label` gives the class name as prediction.',
  default: 'scalar'
})
export type ResponseStyle = Static<typeof ResponseStyleSchema>

export const BatchingSchema = Type.Object({
  max_rows: Type.Integer({ minimum: 1, maximum: 65536, default: 64, description: 'Rows up to which waiting requests are merged into one run; 1 turns merging off. A larger request is never split.' }),
  max_delay_us: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0, description: 'Microseconds a request may wait for company; 0 merges only what waits anyway.' })
}, { ...closed, default: {}, description: 'How requests are merged.' })
export type Batching = Static<typeof BatchingSchema>

export const QueueSchema = Type.Object({
  max_rows: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1024, description: 'Rows that may wait; beyond that a request is answered 503. A sixteenth as many requests may wait whatever their rows, and a single larger one when nothing waits.' }),
  timeout_ms: Type.Integer({ minimum: 1, maximum: 3_600_000, default: 5000, description: 'Milliseconds a request may wait before it is answered 504.' })
}, { ...closed, default: {}, description: 'Bounds of the queue of each version.' })
export type Queue = Static<typeof QueueSchema>

export const SessionSchema = Type.Object({
  intraOpNumThreads: Type.Integer({ minimum: 1, maximum: 1024, default: 1, description: 'Threads that ONNX Runtime uses inside one run.' }),
  executionProviders: Type.Array(Type.Unsafe<string>({ type: 'string', enum: ['cpu', 'cuda', 'tensorrt', 'dml', 'coreml', 'webgpu', 'qnn'] }), {
    minItems: 1, uniqueItems: true, default: ['cpu'], description: 'In order of preference. The installed binary must contain them.'
  })
}, { ...closed, default: {}, description: 'Options of the ONNX Runtime session.' })
export type SessionOptions = Static<typeof SessionSchema>

/**
 * `model.json` with all defaults in place: how a model is served. Every key may be left out of the file, an unknown one is an error.
 * `instances` has no default: absent, the scheduler decides.
 */
export const ModelConfigSchema = Type.Object({
  versions: VersionPolicySchema,
  labels: Type.Record(Type.String(), VersionNumberSchema, {
    propertyNames: { pattern: labelPattern, title: `labels that match ${labelPattern}` },
    default: {},
    description: 'Other names of versions, usable wherever a version number is.'
  }),
  response_style: ResponseStyleSchema,
  default: Type.Boolean({ default: false, description: 'This model answers /predict, unless DEFAULT_MODEL names another.' }),
  batching: BatchingSchema,
  instances: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, description: 'Threads the model lives on. Absent: one, and a second as soon as that pays.' })),
  dedicated: Type.Boolean({ default: false, description: 'Threads of its own, for slow or risky models.' }),
  queue: QueueSchema,
  latency_budget_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600_000, description: 'Milliseconds a prediction may take; a slower one is a warning in the log. Absent: LATENCY_BUDGET_MS.' })),
  session: SessionSchema,
  deterministic: Type.Boolean({ default: false, description: 'Equal inputs give equal outputs, so answers may be cached.' })
}, { ...closed, title: 'model.json' })
export type ModelConfig = Static<typeof ModelConfigSchema>
