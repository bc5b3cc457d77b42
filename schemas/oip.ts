import { Type, type Static } from '@sinclair/typebox'
import { oipDatatypes, type OipDatatype } from '../codecs/oip/datatypes.js'
import { ModelParamsSchema, VersionParamsSchema, type ServedParamsSchema } from './model.js'
import { ref } from './ref.js'

export const OipDatatypeSchema = Type.Unsafe<OipDatatype>({ $id: 'OipDatatype', type: 'string', enum: Object.keys(oipDatatypes), title: 'OipDatatype', description: 'Element type of a tensor. FP16 and BF16 travel as binary only.' })

/** Parameters are extensions: names that are not known are ignored. */
export const OipParametersSchema = Type.Record(Type.String(), Type.Unknown(), { $id: 'OipParameters', title: 'OipParameters', description: 'Strings, numbers and booleans by name; unknown names are ignored.' })

export const OipErrorSchema = Type.Object({
  error: Type.String({ description: 'What went wrong, at most 2 KiB.' })
}, { $id: 'OipError', title: 'OipError', description: 'The body of every error under /v1 and /v2.' })
export type OipErrorBody = Static<typeof OipErrorSchema>

/** The answers to failures, as response schemas of a route. */
export const oipFailures = { '4xx': ref(OipErrorSchema), '5xx': ref(OipErrorSchema) }

export const OipLiveSchema = Type.Object({ live: Type.Boolean() }, { $id: 'OipLive', title: 'OipLive' })
export type OipLive = Static<typeof OipLiveSchema>

export const OipReadySchema = Type.Object({ ready: Type.Boolean(), live: Type.Boolean() }, { $id: 'OipReady', title: 'OipReady', description: 'KServe reads `ready`; the specification, by a slip, names it `live`.' })
export type OipReady = Static<typeof OipReadySchema>

export const OipModelReadySchema = Type.Object({ name: Type.String(), ready: Type.Boolean() }, { $id: 'OipModelReady', title: 'OipModelReady' })
export type OipModelReady = Static<typeof OipModelReadySchema>

export const OipServerMetadataSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String())
}, { $id: 'OipServerMetadata', title: 'OipServerMetadata' })
export type OipServerMetadata = Static<typeof OipServerMetadataSchema>

const ShapeSchema = Type.Array(Type.Integer({ minimum: 0 }), { description: 'Dimensions, the batch included.' })
const OpenShapeSchema = Type.Array(Type.Integer({ minimum: -1 }), { description: 'Dimensions, the batch included; -1 is any.' })

export const OipTensorMetadataSchema = Type.Object({
  name: Type.String(),
  datatype: ref(OipDatatypeSchema),
  shape: OpenShapeSchema
}, { $id: 'OipTensorMetadata', title: 'OipTensorMetadata' })
export type OipTensorMetadata = Static<typeof OipTensorMetadataSchema>

export const OipModelMetadataSchema = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String({ examples: ['onnxruntime_onnx'] }),
  inputs: Type.Array(ref(OipTensorMetadataSchema)),
  outputs: Type.Array(ref(OipTensorMetadataSchema))
}, { $id: 'OipModelMetadata', title: 'OipModelMetadata' })
export type OipModelMetadata = Static<typeof OipModelMetadataSchema>

export const OipModelListSchema = Type.Object({ models: Type.Array(Type.String()) }, { $id: 'OipModelList', title: 'OipModelList' })
export type OipModelList = Static<typeof OipModelListSchema>

export const OipRequestInputSchema = Type.Object({
  name: Type.String(),
  shape: ShapeSchema,
  datatype: ref(OipDatatypeSchema),
  parameters: Type.Optional(Type.Union([ref(OipParametersSchema), Type.Null()], { description: '`binary_data_size`: bytes of the tensor behind the JSON, in place of `data`.' })),
  data: Type.Optional(Type.Union([Type.Array(Type.Unknown()), Type.Null()], { description: 'The elements, flat in row-major order or nested as the shape says. null is NaN in a float tensor.' }))
}, { $id: 'OipRequestInput', title: 'OipRequestInput' })
export type OipRequestInput = Static<typeof OipRequestInputSchema>

export const OipRequestOutputSchema = Type.Object({
  name: Type.String(),
  parameters: Type.Optional(Type.Union([ref(OipParametersSchema), Type.Null()], { description: '`binary_data`: answer as bytes behind the JSON. `classification`: answer the N highest elements as text.' }))
}, { $id: 'OipRequestOutput', title: 'OipRequestOutput' })
export type OipRequestOutput = Static<typeof OipRequestOutputSchema>

export const OipInferRequestSchema = Type.Object({
  id: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Comes back in the answer.' })),
  parameters: Type.Optional(Type.Union([ref(OipParametersSchema), Type.Null()], { description: '`timeout`: microseconds. `binary_data_output`: all outputs as bytes, where `outputs` is absent.' })),
  inputs: Type.Array(ref(OipRequestInputSchema)),
  outputs: Type.Optional(Type.Union([Type.Array(ref(OipRequestOutputSchema)), Type.Null()], { description: 'Absent or empty: all.' }))
}, { $id: 'OipInferRequest', title: 'OipInferRequest' })
export type OipInferRequest = Static<typeof OipInferRequestSchema>

export const OipResponseOutputSchema = Type.Object({
  name: Type.String(),
  datatype: ref(OipDatatypeSchema),
  shape: ShapeSchema,
  parameters: Type.Optional(ref(OipParametersSchema)),
  data: Type.Optional(Type.Array(Type.Unknown(), { description: 'The elements, flat in row-major order; NaN and infinities are null. Absent for a binary output.' }))
}, { $id: 'OipResponseOutput', title: 'OipResponseOutput' })
export type OipResponseOutput = Static<typeof OipResponseOutputSchema>

export const OipInferResponseSchema = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  outputs: Type.Array(ref(OipResponseOutputSchema))
}, { $id: 'OipInferResponse', title: 'OipInferResponse' })
export type OipInferResponse = Static<typeof OipInferResponseSchema>

/** Parameters of a path that answers for one version, or without one for the highest. */
export function servedParams (path: string) {
  return Type.Unsafe<Static<typeof ServedParamsSchema>>(path.includes(':version') ? VersionParamsSchema : ModelParamsSchema)
}

/** Every schema of this file, to be added to an instance or document: they refer to each other. */
export const oipSchemas = [
  OipDatatypeSchema, OipParametersSchema, OipErrorSchema, OipLiveSchema,
  OipReadySchema, OipModelReadySchema, OipServerMetadataSchema, OipTensorMetadataSchema,
  OipModelMetadataSchema, OipModelListSchema, OipRequestInputSchema, OipRequestOutputSchema,
  OipInferRequestSchema, OipResponseOutputSchema, OipInferResponseSchema
]
