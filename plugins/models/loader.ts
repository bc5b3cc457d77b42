import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { byteLength } from '../../codecs/batches.js'
import { InputReader, type InputLimits } from '../../codecs/records/prediction-input.js'
import { findUnknownOperation, type Rule } from '../../codecs/records/rules.js'
import type { ModelSpecification } from '../../codecs/specification.js'
import type { Tensor } from '../../codecs/tensor.js'
import { DrainingError } from '../../errors.js'
import type { FeatureMetadata } from '../../schemas/metadata.js'
import type { ModelConfig } from '../../schemas/model-config.js'
import type { ModelRef } from '../../workers/contract.js'
import type { Deadline } from '../inference/deadline.js'
import type { Inference, Lane } from '../inference/index.js'
import type { QueueOptions } from '../inference/queue.js'
import type { Artefact } from './store/artefact.js'
import { runGoldenTests } from './golden.js'
import { untilClosing } from './closing.js'
import { findIdleSettings } from './idle-settings.js'
import { blame, locate } from './load-failure.js'
import { probeMissing } from './missing-values.js'
import { Model } from './model.js'
import { preflight } from './preflight.js'
import { Preprocessing } from './preprocessing.js'
import { findRow, probe } from './probe.js'
import { SpecificationError, specify } from './specification/specification.js'

// The row stays in memory as long as the model.
const mostWarmUpBytes = 1024 * 1024

export interface LoaderOptions {
  inference: Inference
  log: FastifyBaseLogger
  limits: InputLimits
  loadLimitMs: number
  /** Threads of the shared pool once all have come up. */
  threads: number
  /** INPUT_SCHEMA, which is meant for the default model. */
  inputSchema?: FeatureMetadata[]
}

export interface LoadOptions {
  /** The server is serving others, so the file is opened in a process of its own first. */
  hot: boolean
  isDefault: boolean
  /** Aborted when the server closes: whatever is under way is given up. */
  closing: AbortSignal
}

/** Opens, specifies, probes and tests versions. What it returns may serve; what it rejects with begins with the file that is wrong and names the field, or is a DrainingError. */
export class Loader {
  readonly #options: LoaderOptions

  constructor (options: LoaderOptions) {
    this.#options = options
  }

  async load (artefact: Artefact, config: ModelConfig, options: LoadOptions): Promise<Model> {
    const { closing } = options
    try {
      closing.throwIfAborted()
      return await untilClosing(this.#open(artefact, config, options), closing)
    } catch (error) {
      throw closing.aborted ? new DrainingError() : blame(artefact, error as Error)
    }
  }

  async #open (artefact: Artefact, config: ModelConfig, { hot, isDefault, closing }: LoadOptions): Promise<Model> {
    const startedAt = performance.now()
    const { inference, loadLimitMs } = this.#options
    const ref: ModelRef = { key: randomUUID(), path: artefact.path, folder: artefact.folder, session: config.session }
    if (hot) await preflight(ref, loadLimitMs, closing)
    const lane = await inference.open(ref, artefact.model, {
      ...queueOptions(config),
      dedicated: config.dedicated,
      ...(config.instances !== undefined && { instances: config.instances })
    })
    try {
      return await this.#prove(artefact, config, lane, { startedAt, isDefault })
    } catch (error) {
      await lane.close()
      throw error
    }
  }

  async #prove (artefact: Artefact, config: ModelConfig, lane: Lane, { startedAt, isDefault }: { startedAt: number, isDefault: boolean }): Promise<Model> {
    const { inference, log, limits, loadLimitMs, threads } = this.#options
    const about = { model: artefact.model, version: artefact.version }
    const deadline: Deadline = { at: startedAt + loadLimitMs, ms: loadLimitMs, cancelled: false }
    const { specification, warnings } = this.#specify(artefact, lane, isDefault)
    const rules = artefact.metadata?.rules ?? []
    checkOperations(rules)
    const subject = { artefact, specification, lane, reader: new InputReader({ layout: specification.layout, rules, limits }) }
    const { unmerged, outputs } = await probe(subject, deadline)
    if (outputs !== undefined) warnings.push(...keepTrueProbabilities(specification, outputs))
    const row = outputs && findRow(subject)
    if (row !== undefined && byteLength(row) <= mostWarmUpBytes) await lane.warmUp(row)
    const missing = await probeMissing({ specification, lane, row, declared: this.#isDeclared(artefact, isDefault) }, deadline)
    warnings.push(...missing.warnings)
    specification.layout = missing.layout
    const input = { layout: specification.layout, rules, limits }
    warnings.push(...findIdleSettings(config, { threads, merged: unmerged === undefined, task: specification.task }))
    const remarks = [...artefact.warnings, ...warnings.map((warning) => locate(artefact, warning))]
    for (const remark of remarks) log.warn(about, remark)
    if (unmerged !== undefined) log.info(about, `requests are not merged: ${unmerged}`)
    const loadMs = Math.round(performance.now() - startedAt)
    const model = new Model({
      artefact,
      config,
      specification,
      lane,
      input,
      reader: new InputReader(input),
      unmerged,
      warnings: remarks,
      loadMs,
      preprocessing: this.#showPreprocessing(artefact, config, lane, specification.batchable),
      read: (task, deadline) => inference.read(task, deadline)
    })
    if (artefact.tests !== undefined) await runGoldenTests(model, artefact.tests, deadline)
    lane.queue.serve(unmerged === undefined)
    return model
  }

  #showPreprocessing ({ model: name, path, folder }: Artefact, config: ModelConfig, { description }: Lane, batchable: boolean): Preprocessing | undefined {
    const tensor = description.graph.preprocessed
    if (tensor === undefined) return undefined
    const model = { path, folder, session: config.session, sha256: description.sha256 }
    return new Preprocessing({ inference: this.#options.inference, model, name, tensor, batchable, queue: queueOptions(config) })
  }

  /** Whether somebody has said what the features are. */
  #isDeclared ({ metadata }: Artefact, isDefault: boolean): boolean {
    return metadata?.features !== undefined || (isDefault && this.#options.inputSchema !== undefined)
  }

  #specify (artefact: Artefact, lane: Lane, isDefault: boolean): ReturnType<typeof specify> {
    const { inputSchema } = this.#options
    return specify(lane.description, artefact.metadata, {
      ...(isDefault && inputSchema !== undefined && { inputSchema }),
      ...(artefact.background !== undefined && { background: artefact.background })
    })
  }
}

function checkOperations (rules: Rule[]): void {
  for (const [index, { logic }] of rules.entries()) {
    const problem = findUnknownOperation(logic)
    if (problem !== undefined) throw new SpecificationError(`metadata.json: rules[${index}].logic`, problem)
  }
}

function queueOptions ({ batching, queue }: ModelConfig): QueueOptions {
  return { maxRows: batching.max_rows, maxDelayUs: batching.max_delay_us, queueRows: queue.max_rows, timeoutMs: queue.timeout_ms }
}

/** An output that looks like probabilities by its place in the graph but does not sum to one is a score. Returns warnings. */
function keepTrueProbabilities (specification: ModelSpecification, outputs: Tensor[]): string[] {
  const { probabilities, ...others } = specification.roles
  const tensor = probabilities === undefined ? undefined : outputs[probabilities]
  if (probabilities === undefined || tensor === undefined || areProbabilities(tensor)) return []
  specification.roles = { ...others, scores: probabilities }
  return [`model.onnx: outputs: '${tensor.name}' holds no probabilities; it is served as scores`]
}

function areProbabilities ({ data, dims }: Tensor): boolean {
  const width = dims.length > 1 ? dims[1] ?? 1 : 1
  for (let start = 0; start < data.length; start += width) {
    let sum = 0
    for (let i = start; i < start + width; i++) {
      const value = Number(data[i])
      if (!(value >= -1e-6 && value <= 1 + 1e-6)) return false
      sum += value
    }
    if (width > 1 && Math.abs(sum - 1) > 1e-3) return false
  }
  return true
}
