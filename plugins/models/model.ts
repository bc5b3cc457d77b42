import { setTimeout as delay } from 'node:timers/promises'
import { copyRow } from '../../codecs/batches.js'
import type { Face } from '../../codecs/records/input-forms.js'
import type { InputOptions, InputReader, PredictionInput } from '../../codecs/records/prediction-input.js'
import type { ModelSpecification } from '../../codecs/specification.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { ModelInfo } from '../../schemas/info.js'
import type { ModelConfig, ResponseStyle } from '../../schemas/model-config.js'
import type { Trace } from '../../schemas/trace.js'
import type { ReadResult, ReadTask } from '../../workers/contract.js'
import type { Deadline } from '../inference/deadline.js'
import type { Lane } from '../inference/index.js'
import { Journal } from '../inference/journal.js'
import type { Outcome } from '../inference/request.js'
import type { Artefact } from './store/artefact.js'
import { describeInfo } from './info.js'
import { container, type ContainerOptions, type PredictionBody } from './predictions/prediction-container.js'
import { PredictionDecoder, type RowPrediction } from './predictions/predictions.js'
import type { Preprocessing } from './preprocessing.js'
import { restoreError } from './refusal.js'
import { runRows } from './row-runs.js'
import { copyInput, traceStages } from './trace.js'

const closingMs = 10
// Of outputs that are read for the log only.
const mostElements = 4096

export interface ModelOptions {
  artefact: Artefact
  config: ModelConfig
  specification: ModelSpecification
  lane: Lane
  input: InputOptions
  reader: InputReader
  /** Why requests for this model are not merged; undefined when they are. */
  unmerged: string | undefined
  /** What is odd about its files, each with the file first. */
  warnings: string[]
  loadMs: number
  preprocessing: Preprocessing | undefined
  /** Reads big bodies in the worker threads. */
  read: (task: ReadTask, deadline?: Deadline) => Promise<ReadResult>
}

/** One loaded version of a model: the one way in for every protocol. */
export class Model {
  readonly name: string
  readonly version: string
  readonly artefact: Artefact
  readonly config: ModelConfig
  readonly specification: ModelSpecification
  readonly lane: Lane
  readonly loadedAt = new Date()
  readonly loadMs: number
  readonly unmerged: string | undefined
  readonly warnings: readonly string[]
  /** Present when the graph scales, imputes or encodes before its model. */
  readonly preprocessing: Preprocessing | undefined
  readonly #input: InputOptions
  readonly #reader: InputReader
  readonly #decoder: PredictionDecoder
  readonly #readInPool: ModelOptions['read']
  #reading = 0

  constructor ({ artefact, config, specification, lane, input, reader, unmerged, warnings, loadMs, preprocessing, read }: ModelOptions) {
    this.name = artefact.model
    this.version = artefact.version
    this.artefact = artefact
    this.config = config
    this.specification = specification
    this.lane = lane
    this.#input = input
    this.#reader = reader
    this.unmerged = unmerged
    this.warnings = warnings
    this.loadMs = loadMs
    this.preprocessing = preprocessing
    this.#decoder = new PredictionDecoder(specification, artefact.model)
    this.#readInPool = read
  }

  /** Runs the graph once on tensors in the model's input order. Rows are counted by the first dimension of the first input. */
  infer (inputs: Tensor[], deadline: Deadline): Promise<Outcome> {
    const rows = inputs[0]?.dims[0] ?? 1
    deadline.journal?.enter(this.name, this.version, rows, this.lane.queue.statistics)
    return this.lane.submit(inputs, rows, deadline)
  }

  /**
   * Reads a body that is parsed already, or the bytes of one too big for the main thread, unless the deadline comes before a thread is free.
   * Throws InvalidRequestError and RuleViolatedError.
   */
  read (body: unknown, face: Face, strict: boolean, deadline?: Deadline): PredictionInput | Promise<PredictionInput> {
    if (body instanceof Uint8Array) return this.#readBytes(body, face, strict, deadline)
    const input = this.#reader.read(body, face, strict)
    deadline?.journal?.read(input.validateMs, input.preprocessMs)
    return input
  }

  async #readBytes (body: Uint8Array, face: Face, strict: boolean, deadline: Deadline | undefined): Promise<PredictionInput> {
    const startedAt = performance.now()
    const result = await this.hold(this.#readInPool({ body, face, strict, options: this.#input, key: this.lane.queue.key }, deadline))
    if ('refusal' in result) throw restoreError(result.refusal)
    const { input } = result
    // Waiting for a thread and parsing there are what checking it costs.
    deadline?.journal?.read(performance.now() - startedAt - input.preprocessMs, input.preprocessMs)
    return input
  }

  /** Keeps this version open until `work` is done, and a prediction that follows at once has begun. */
  async hold<T> (work: Promise<T>): Promise<T> {
    this.#reading++
    return await work.finally(() => { this.#reading-- })
  }

  /** One result per row, in order. */
  async predict ({ tensors, rows }: PredictionInput, deadline: Deadline): Promise<RowPrediction[]> {
    const predictions = this.specification.batchable || rows === 1
      ? this.#decode(await this.infer(tensors, deadline))
      : await this.#predictRows(tensors, rows, deadline)
    const { journal } = deadline
    if (journal !== undefined) journal.predictions = predictions
    return predictions
  }

  async #predictRows (tensors: Tensor[], rows: number, deadline: Deadline): Promise<RowPrediction[]> {
    const { queueRows } = this.lane.queue.options
    const results = await this.hold(runRows(rows, queueRows, async (row) => this.#decode(await this.infer(copyRow(tensors, row, rows), deadline))))
    return results.flat()
  }

  /** Predictions of the first rows of a run whose client gets tensors; none that are no finite numbers, and none where reading them would take long. */
  firstPredictions (outcome: Outcome, most: number): RowPrediction[] {
    const { batch, start, rows, batchRows } = outcome
    try {
      if (this.#decoder.readsRows) return this.#decoder.decode(batch, Math.min(rows, most), { start, probabilities: false })
      const elements = batch.reduce((sum, { data }) => sum + data.length, 0)
      return elements * rows / batchRows > mostElements ? [] : this.#decode(outcome).slice(0, most)
    } catch {
      return []
    }
  }

  #decode (outcome: Outcome): RowPrediction[] {
    const rows = this.specification.batchable ? outcome.rows : 1
    if (!this.#decoder.readsRows) return this.#decoder.decode(outcome.outputs, rows)
    return this.#decoder.decode(outcome.batch, rows, { start: outcome.start })
  }

  /** Style of the faces that answer one record with one result: a list has no place there. */
  get typedStyle (): ResponseStyle {
    return this.config.response_style === 'label' ? 'label' : 'scalar'
  }

  /** The predictions of a batch as its members: each is what the typed face would answer to its record alone. */
  results (predictions: RowPrediction[]): RowPrediction[] {
    if (this.typedStyle !== 'label') return predictions
    return predictions.map((result) => ({ ...result, prediction: result.predicted_class ?? result.prediction }))
  }

  /** Why it cannot be run any more; undefined while it can. */
  get failure (): string | undefined {
    return this.lane.queue.failure?.message
  }

  get hasProbabilities (): boolean {
    return this.#decoder.hasProbabilities
  }

  /** The body that answers a request, in the style asked for. */
  present (predictions: RowPrediction[], options: ContainerOptions, requestId: string): PredictionBody {
    return container(predictions, options, { model: this.name, model_version: this.version, request_id: requestId })
  }

  get info (): ModelInfo {
    return describeInfo(this)
  }

  /** An input to trace later: a prediction may hand the memory of its tensors to a thread. */
  keep (input: PredictionInput): PredictionInput {
    return copyInput(input)
  }

  /** The stages of a prediction that was made with this deadline; `input` is what `keep` gave before it. */
  async trace (input: PredictionInput, predictions: RowPrediction[], deadline: Deadline): Promise<Trace> {
    const { journal = new Journal() } = deadline
    return await this.hold(traceStages({ input, predictions, preprocessing: this.preprocessing, journal, deadline }))
  }

  /** Lets requests that hold this version end, then frees it. */
  async close (): Promise<void> {
    // Those that took it in this turn, or whose body is still being read, have yet to submit.
    do await delay(closingMs)
    while (this.#reading > 0)
    await Promise.all([this.lane.close(), this.preprocessing?.close()])
  }
}
