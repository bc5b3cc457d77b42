import type { TensorContents } from '../../codecs/oip/contents.js'

// The messages of schemas/inference.proto as the library gives and takes them: 64-bit integers come as strings of digits
// and may be sent as numbers, fields that are not set have their defaults.

export interface InferParameter {
  parameter_choice?: string
  bool_param?: boolean
  int64_param?: string
  string_param?: string
  double_param?: number
  uint64_param?: string
}
export type InferParameters = Record<string, InferParameter>

export interface InferInputTensor {
  name: string
  datatype: string
  shape: string[]
  parameters: InferParameters
  contents: TensorContents | null
}

export interface InferRequestedOutputTensor {
  name: string
  parameters: InferParameters
}

export interface ModelInferRequest {
  model_name: string
  model_version: string
  id: string
  parameters: InferParameters
  inputs: InferInputTensor[]
  outputs: InferRequestedOutputTensor[]
  raw_input_contents: Uint8Array[]
}

export interface InferOutputTensor {
  name: string
  datatype: string
  shape: number[]
  contents?: TensorContents
}

export interface ModelInferResponse {
  model_name: string
  model_version: string
  id: string
  outputs: InferOutputTensor[]
  raw_output_contents: Uint8Array[]
}

export interface ModelStreamInferResponse {
  error_message: string
  infer_response: Partial<ModelInferResponse>
}

/** A request that names a model and, unless empty, a version. */
export interface ModelVersionRequest {
  name: string
  version: string
}

export interface RepositoryIndexRequest {
  repository_name: string
  ready: boolean
}

export interface RepositoryModelRequest {
  repository_name: string
  model_name: string
  parameters: Record<string, unknown>
}
