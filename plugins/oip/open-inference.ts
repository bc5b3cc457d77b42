import { OipError } from '../../codecs/oip/error.js'
import type { OipModel, OutputRequest } from '../../codecs/oip/model.js'
import { decodeInferFrame, type InferFrame, type InferRequest } from '../../codecs/oip/request.js'
import { encodeInferParts, type ClassLabels, type InferParts } from '../../codecs/oip/response.js'
import type { Tensor } from '../../codecs/tensor.js'
import type { OipModelMetadata, OipServerMetadata } from '../../schemas/oip.js'
import type { OipIndex, OipModelConfig, OipStatistics } from '../../schemas/oip-repository.js'
import { version } from '../../version.js'
import type { Inference } from '../inference/index.js'
import type { Deadline } from '../inference/deadline.js'
import type { Model } from '../models/model.js'
import type { ModelRegistry } from '../models/registry.js'
import { shorten } from './deadline.js'
import { describeConfig, describeForCodecs, describeMetadata } from './descriptions.js'
import { Repository } from './repository.js'
import { describeStatistics } from './statistics.js'

export interface OpenInferenceOptions {
  models: ModelRegistry
  inference: Inference
  repositoryControl: boolean
  /** JSON from this size on is read and written in the worker threads. */
  poolBytes: number
  /** Rows whose prediction the log shows. */
  loggedPredictions: number
}

// What an element of a tensor takes at least in JSON, roughly.
const elementBytes = 8

const extensions = ['classification', 'model_configuration', 'binary_tensor_data', 'parameters', 'statistics']

/**
 * What the Open Inference Protocol says, whatever carries it. A version is a number or a label; absent or empty it is the
 * highest that serves. Unknown names throw ModelNotFoundError and VersionNotFoundError, known ones that do not serve ModelNotReadyError.
 */
export class OpenInference {
  /** Throws or rejects with RepositoryControlError unless REPOSITORY_CONTROL is on. */
  readonly repository: Repository
  readonly #models: ModelRegistry
  readonly #inference: Inference
  readonly #poolBytes: number
  readonly #loggedPredictions: number

  constructor ({ models, inference, repositoryControl, poolBytes, loggedPredictions }: OpenInferenceOptions) {
    this.#models = models
    this.#inference = inference
    this.#poolBytes = poolBytes
    this.#loggedPredictions = loggedPredictions
    this.repository = new Repository(models, repositoryControl)
  }

  serverMetadata (): OipServerMetadata {
    return { name: 'fastify-model-server', version, extensions: [...extensions, ...(this.repository.isEnabled ? ['model_repository'] : [])] }
  }

  /** Whether the server takes requests. That its models were unloaded on purpose does not change it. */
  isServerReady (): boolean {
    return this.#models.unready === undefined || (this.#models.isOpen && this.#models.list().some(({ versions }) => [...versions.values()].some(({ reason }) => reason === 'unloaded')))
  }

  /** Throws ModelNotFoundError and VersionNotFoundError. */
  isModelReady (name: string, version?: string): boolean {
    const entry = this.#models.entry(name)
    if (version) return isServing(this.#models.version(entry, version).model)
    return [...entry.versions.values()].some(({ model }) => isServing(model))
  }

  modelNames (): string[] {
    return this.#models.list().map(({ name }) => name)
  }

  /** The version that a request addresses; it must be found again once time has passed, for another one may have replaced it. */
  find (name: string, version?: string): Model {
    return this.#models.get(name, version || undefined)
  }

  /** What the codecs need to know of a model. */
  describe (model: Model): OipModel {
    return describeForCodecs(model)
  }

  /** Lists all versions that serve, or the one that was asked for. */
  modelMetadata (name: string, version?: string): OipModelMetadata {
    const model = this.find(name, version)
    return describeMetadata(model, version ? [model.version] : this.#serving(name).map((model) => model.version))
  }

  modelConfig (name: string, version?: string): OipModelConfig {
    return describeConfig(this.find(name, version))
  }

  /** Of one version, all versions of one model, or all models. */
  statistics (name?: string, version?: string): OipStatistics {
    return { model_stats: this.#selectModels(name, version).map(describeStatistics) }
  }

  index (options?: { ready?: boolean }): Promise<OipIndex> {
    return this.repository.index(options)
  }

  load (name: string): Promise<void> {
    return this.repository.load(name)
  }

  unload (name: string): Promise<void> {
    return this.repository.unload(name)
  }

  /** Reads the body of a request; its memory must not be used again. Rejects with OipError, and when the deadline comes before a thread is free. */
  async decode (model: Model, frame: InferFrame, deadline: Deadline): Promise<InferRequest> {
    const startedAt = performance.now()
    const isSmall = (frame.json?.byteLength ?? 0) < this.#poolBytes
    const request = isSmall ? decodeInferFrame(frame, describeForCodecs(model)) : await this.#decodeInThread(model, frame, deadline)
    deadline.journal?.read(performance.now() - startedAt, 0)
    return request
  }

  async #decodeInThread (model: Model, frame: InferFrame, deadline: Deadline): Promise<InferRequest> {
    const result = await model.hold(this.#inference.decode({ frame, model: describeForCodecs(model) }, deadline))
    if ('refusal' in result) throw new OipError(result.refusal)
    return result.request
  }

  /** Writes the answer to a request; the memory of the outputs must not be used again. Rejects when the deadline comes before a thread is free. */
  async encode (model: Model, { id, outputs: requested }: InferRequest, outputs: Tensor[], deadline: Deadline): Promise<InferParts> {
    const labels = this.classLabels(model, { outputs: requested })
    const answer = {
      modelName: model.name,
      modelVersion: model.version,
      ...(id !== undefined && { id }),
      outputs: outputs.filter(({ name }) => requested.some((output) => output.name === name)),
      requested,
      ...(labels !== undefined && { labels })
    }
    return this.#isBig(answer.outputs, requested) ? await this.#inference.encode(answer, deadline) : encodeInferParts(answer)
  }

  /**
   * Runs a decoded request; the tensors come in the order of the model's outputs, whatever was asked for. The request's own
   * timeout may shorten the deadline. Rejects like Scheduler.submit.
   */
  async infer (model: Model, request: InferRequest, deadline: Deadline): Promise<Tensor[]> {
    const outcome = await model.infer(request.inputs, shorten(deadline, request.timeoutMs))
    const { journal } = deadline
    if (this.#loggedPredictions > 0 && journal !== undefined) journal.predictions = model.firstPredictions(outcome, this.#loggedPredictions)
    return outcome.outputs
  }

  /** Class names for the classification extension; undefined where the request does not use it. */
  classLabels ({ specification: { classNames, roles, outputs } }: Model, { outputs: requested }: Pick<InferRequest, 'outputs'>): ClassLabels | undefined {
    if (classNames === undefined || !requested.some(({ classification }) => classification)) return undefined
    return new Map([roles.probabilities, roles.scores, roles.logits].flatMap((role) => role === undefined ? [] : [[outputs[role]?.name ?? '', classNames] as const]))
  }

  #isBig (outputs: Tensor[], requested: OutputRequest[]): boolean {
    const binary = new Set(requested.flatMap((output) => output.binary ? output.name : []))
    let elements = 0
    for (const { name, data } of outputs) if (!binary.has(name)) elements += data.length
    return elements * elementBytes >= this.#poolBytes
  }

  #selectModels (name: string | undefined, version: string | undefined): Model[] {
    if (!name) return this.modelNames().flatMap((known) => this.#serving(known))
    if (version) return [this.find(name, version)]
    const serving = this.#serving(name)
    return serving.length > 0 ? serving : [this.find(name)]
  }

  /** By rising version. */
  #serving (name: string): Model[] {
    const models = [...this.#models.entry(name).versions.values()].flatMap(({ model }) => model ?? [])
    return models.sort((a, b) => Number(a.version) - Number(b.version))
  }
}

function isServing (model: Model | undefined): boolean {
  return model !== undefined && model.failure === undefined
}
