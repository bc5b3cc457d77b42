import { Type, type Static } from '@sinclair/typebox'
import { OipParametersSchema } from './oip.js'
import { ref } from './ref.js'

const ConfigTensorSchema = Type.Object({
  name: Type.String(),
  data_type: Type.String({ examples: ['TYPE_FP32'] }),
  dims: Type.Array(Type.Integer())
}, { $id: 'OipConfigTensor', title: 'OipConfigTensor' })

export const OipModelConfigSchema = Type.Object({
  name: Type.String(),
  platform: Type.String(),
  backend: Type.String(),
  max_batch_size: Type.Integer({ description: '0: the batch is part of the dimensions.' }),
  input: Type.Array(ref(ConfigTensorSchema)),
  output: Type.Array(ref(ConfigTensorSchema))
}, { $id: 'OipModelConfig', title: 'OipModelConfig' })
export type OipModelConfig = Static<typeof OipModelConfigSchema>

const DurationSchema = Type.Object({
  count: Type.Integer(),
  ns: Type.Integer({ description: 'Nanoseconds in all.' })
}, { $id: 'OipDuration', title: 'OipDuration' })

const InferStatisticsSchema = Type.Object({
  success: ref(DurationSchema),
  fail: ref(DurationSchema),
  queue: ref(DurationSchema),
  compute_input: ref(DurationSchema),
  compute_infer: ref(DurationSchema),
  compute_output: ref(DurationSchema),
  cache_hit: ref(DurationSchema),
  cache_miss: ref(DurationSchema)
}, { $id: 'OipInferStatistics', title: 'OipInferStatistics' })

const BatchStatisticsSchema = Type.Object({
  batch_size: Type.Integer(),
  compute_input: ref(DurationSchema),
  compute_infer: ref(DurationSchema),
  compute_output: ref(DurationSchema)
}, { $id: 'OipBatchStatistics', title: 'OipBatchStatistics' })

const MemoryUsageSchema = Type.Object({
  type: Type.String(),
  id: Type.Integer(),
  byte_size: Type.Integer()
}, { $id: 'OipMemoryUsage', title: 'OipMemoryUsage' })

export const OipModelStatisticsSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  last_inference: Type.Integer({ description: 'Milliseconds since 1970; 0 before the first.' }),
  inference_count: Type.Integer({ description: 'Rows.' }),
  execution_count: Type.Integer({ description: 'Runs of the model.' }),
  inference_stats: ref(InferStatisticsSchema),
  response_stats: Type.Record(Type.String(), Type.Unknown()),
  batch_stats: Type.Array(ref(BatchStatisticsSchema)),
  memory_usage: Type.Array(ref(MemoryUsageSchema))
}, { $id: 'OipModelStatistics', title: 'OipModelStatistics' })
export type OipModelStatistics = Static<typeof OipModelStatisticsSchema>

export const OipStatisticsSchema = Type.Object({
  model_stats: Type.Array(ref(OipModelStatisticsSchema))
}, { $id: 'OipStatistics', title: 'OipStatistics' })
export type OipStatistics = Static<typeof OipStatisticsSchema>

export const OipIndexRequestSchema = Type.Object({
  ready: Type.Optional(Type.Boolean({ description: 'Only versions that are ready.' }))
}, { $id: 'OipIndexRequest', title: 'OipIndexRequest' })
export type OipIndexRequest = Static<typeof OipIndexRequestSchema>

const states = ['UNKNOWN', 'READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING'] as const

export const OipIndexEntrySchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  state: Type.Unsafe<typeof states[number]>({ type: 'string', enum: [...states] }),
  reason: Type.String()
}, { $id: 'OipIndexEntry', title: 'OipIndexEntry' })
export type OipIndexEntry = Static<typeof OipIndexEntrySchema>

export const OipIndexSchema = Type.Array(ref(OipIndexEntrySchema), { $id: 'OipIndex', title: 'OipIndex' })
export type OipIndex = Static<typeof OipIndexSchema>

export const OipRepositoryRequestSchema = Type.Object({
  parameters: Type.Optional(ref(OipParametersSchema))
}, { $id: 'OipRepositoryRequest', title: 'OipRepositoryRequest', description: 'Body of a load or unload, which may be empty. `config` and `file:` parameters are refused.' })
export type OipRepositoryRequest = Static<typeof OipRepositoryRequestSchema>

/** Every schema of this file; they refer to each other and to those of the protocol. */
export const oipRepositorySchemas = [
  ConfigTensorSchema, OipModelConfigSchema, DurationSchema, InferStatisticsSchema,
  BatchStatisticsSchema, MemoryUsageSchema, OipModelStatisticsSchema, OipStatisticsSchema,
  OipIndexRequestSchema, OipIndexEntrySchema, OipIndexSchema, OipRepositoryRequestSchema
]
