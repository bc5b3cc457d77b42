import type { MessagePort } from 'node:worker_threads'
import type { OipModel } from '../codecs/oip/model.js'
import type { InferFrame, InferRequest } from '../codecs/oip/request.js'
import type { InferAnswer, InferParts } from '../codecs/oip/response.js'
import type { Face } from '../codecs/records/input-forms.js'
import type { InputOptions, PredictionInput } from '../codecs/records/prediction-input.js'
import type { DataType, TensorData, TensorSpec } from '../codecs/tensor.js'
import type { FieldError } from '../errors.js'

/** One model version as the threads know it. */
export interface ModelRef {
  /** Unique per load: a reload of the same version has another key. */
  key: string
  /** Absolute path of the .onnx file. */
  path: string
  /** Folder that external data must stay inside, after symlinks. */
  folder: string
  /** Expected digest of the file; a file that changed on disk is refused. Absent on the first open. */
  sha256?: string
  /** Intermediate tensors to expose as outputs besides those of the graph. */
  taps?: string[]
  session?: { intraOpNumThreads?: number, executionProviders?: string[] }
}

export type ValueKind = 'tensor' | 'sequence' | 'map' | 'optional' | 'unknown'

/** A graph input or output as the file declares it. `type` is absent when it is no tensor or of a type that cannot be served. */
export interface ValueInfo {
  name: string
  kind: ValueKind
  type?: DataType
  /** ONNX TensorProto.DataType number as found in the file, for messages. */
  elementType?: number
  /** Unknown and symbolic dimensions are -1; absent when the file declares no rank. */
  dims?: number[]
}

/** A classifier node (ai.onnx.ml) that yields a label and scores. */
export interface ClassifierNode {
  operator: string
  classes: (string | number)[]
  /** Tensor names of its two outputs. */
  label: string
  scores: string
  postTransform: string
  /** Trees only: no leaf weight is negative. */
  nonNegativeWeights?: boolean
}

export interface ZipMapNode {
  /** The graph output that is no tensor. */
  output: string
  /** The tensor that feeds it. */
  input: string
  classes: (string | number)[]
}

/** A tensor of scores whose columns are outputs of their own, such as skl2onnx makes with `zipmap='columns'`. */
export interface ColumnSplit {
  /** Tensor name of the whole. */
  input: string
  /** One per class, in the order of the columns. */
  outputs: string[]
}

export interface InputColumn {
  /** Name of the input. */
  input: string
  column: number
}

/** A column of an input that an encoder reads as it was sent. */
export interface EncodedColumn extends InputColumn {
  /** All that the encoder knows: strings, or integers for an input of integers. Any other value fails the run, or was an error where the model was trained. */
  categories: string[] | number[]
}

/** What the ONNX file itself says; read without ONNX Runtime. */
export interface Graph {
  irVersion: number
  producer: string
  producerVersion: string
  opsets: { domain: string, version: number }[]
  metadata: Record<string, string>
  inputs: ValueInfo[]
  outputs: ValueInfo[]
  /** Operator types in order of first appearance, without repetition. */
  operators: string[]
  /** For each graph output, the operator that produces it (looking through Identity and Cast). */
  producers: Record<string, string>
  classifiers: ClassifierNode[]
  zipMaps: ZipMapNode[]
  splits: ColumnSplit[]
  encoders: EncodedColumn[]
  /** Columns of float inputs whose missing values the graph imputes or knows a branch for wherever it reads them; column -1 is all of an input of unknown width. */
  answersMissing: InputColumn[]
  /** Locations of external tensors, as written in the file. */
  externalData: string[]
  /** The tensor that reaches the model node when the graph scales, imputes or encodes first. */
  preprocessed?: string
}

export interface Description {
  graph: Graph
  inputs: TensorSpec[]
  /** Tensor outputs only, in the order of the graph, then the scores that it splits, then the taps; the tensor behind a ZipMap stands in its place. */
  outputs: TensorSpec[]
  sha256: string
  bytes: number
  runtime: { name: 'onnxruntime', version: string }
}

/** Tensors without their names and types, which both sides know: every property of a message costs time on each side of the hop. */
export interface BareTensors {
  dims: number[][]
  data: TensorData[]
}

/** Inputs in the order of `Description.inputs`. */
export interface InferTask extends BareTensors {
  key: string
}

/** Outputs in the order of `Description.outputs`. */
export interface InferResult extends BareTensors {
  /** Time inside ONNX Runtime, milliseconds. */
  runMs: number
}

/** What comes back over the channel of a thread. */
export type InferReply = InferResult | { error: Error }

/** A JSON body too big for the main thread. */
export interface ReadTask {
  body: Uint8Array
  options: InputOptions
  /** Names the reader that these options make, so that a thread keeps it. */
  key: string
  face: Face
  strict: boolean
}

/** Errors lose all but their message between threads, so a refusal comes back as a value. */
export interface Refusal {
  code: string
  detail: string
  errors: FieldError[]
}

export type ReadResult = { input: PredictionInput } | { refusal: Refusal }

/** A request of the Open Inference Protocol too big for the main thread. */
export interface DecodeTask {
  frame: InferFrame
  model: OipModel
}

/** `refusal` is the message of an OipError. */
export type DecodeResult = { request: InferRequest } | { refusal: string }

/** What a thread can be asked to do; implemented by workers/onnx.ts, called by name through the pool. */
export interface Worker {
  open (model: ModelRef): Promise<Description>
  /** Opens the channel over which predictions come: an InferTask in, an InferReply out, one at a time. */
  connect (port: MessagePort): Promise<void>
  close (key: string): Promise<void>
  read (task: ReadTask): Promise<ReadResult>
  decode (task: DecodeTask): Promise<DecodeResult>
  /** Writes an answer too big for the main thread. */
  encode (answer: InferAnswer): Promise<InferParts>
}
