import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { DataType, Tensor, TensorData, TensorSpec } from '../codecs/tensor.js'
import type { BareTensors, Description, Graph, InferResult, ModelRef, ValueInfo } from './contract.js'
import { locateExternalData } from './external-data.js'
import { readGraph, tapOutputs } from './onnx-graph/graph.js'

/** One opened model: the only place where ONNX Runtime is called. `run` blocks the thread that calls it. */
export class OnnxSession {
  readonly description: Description
  readonly #session: InferenceSession
  readonly #TensorClass: typeof OrtTensor
  readonly #fetches: string[]

  private constructor (description: Description, session: InferenceSession, TensorClass: typeof OrtTensor, fetches: string[]) {
    this.description = description
    this.#session = session
    this.#TensorClass = TensorClass
    this.#fetches = fetches
  }

  /**
   * Reads, checks and opens the file. Throws with a message for the person who dropped it:
   * no ONNX file, changed on disk, external data outside its folder, a type that cannot be served, or what ONNX Runtime says.
   */
  static async open (model: ModelRef): Promise<OnnxSession> {
    const bytes = await readFile(model.path)
    const sha256 = hash('sha256', bytes)
    if (model.sha256 !== undefined && model.sha256 !== sha256) throw new Error('the file changed on disk since this version was loaded')
    const graph = readGraph(bytes)
    refuseUnservable(graph)
    const externalData = await readExternalData(graph.externalData, model.folder)
    const ort = await loadRuntime()
    const wholes = graph.splits.map(({ input }) => input)
    const taps = [...graph.zipMaps.map(({ input }) => input), ...wholes, ...(model.taps ?? [])]
    const options: InferenceSession.SessionOptions = {
      intraOpNumThreads: model.session?.intraOpNumThreads ?? 1,
      interOpNumThreads: 1,
      executionProviders: model.session?.executionProviders ?? ['cpu'],
      // Memory plans are kept per input shape without bound; batches come in every size.
      enableMemPattern: false,
      // What a run fails with is thrown; printed too, every bad request would show up in the server's output.
      logSeverityLevel: 4,
      ...(externalData.length > 0 && { externalData })
    }
    const session = taps.length > 0 || externalData.length > 0
      ? await ort.InferenceSession.create(tapOutputs(bytes, taps), options)
      : await ort.InferenceSession.create(model.path, options)
    const outputs = outputSpecs(graph, session, [...wholes, ...(model.taps ?? [])])
    const description: Description = {
      graph,
      inputs: session.inputMetadata.map(toSpec),
      outputs,
      sha256,
      bytes: bytes.byteLength,
      runtime: { name: 'onnxruntime', version: ort.env.versions.node ?? ort.env.versions.common }
    }
    return new OnnxSession(description, session, ort.Tensor, outputs.map((output) => output.name))
  }

  /** Runs the graph once; inputs and outputs in the order of the description. */
  async runBare ({ dims, data }: BareTensors): Promise<InferResult> {
    const feeds: Record<string, OrtTensor> = {}
    this.description.inputs.forEach(({ name, type }, index) => {
      feeds[name] = new this.#TensorClass(type, data[index] as never, dims[index] ?? [])
    })
    const start = performance.now()
    const results = await this.#session.run(feeds, this.#fetches)
    const result: InferResult = { dims: [], data: [], runMs: performance.now() - start }
    for (const name of this.#fetches) {
      const tensor = results[name]
      if (tensor === undefined) throw new Error(`the model gave no output '${name}'`)
      result.dims.push(tensor.dims as number[])
      result.data.push(tensor.data as TensorData)
    }
    return result
  }

  /** The same with tensors that carry their names and types. */
  async run (inputs: Tensor[]): Promise<{ outputs: Tensor[], runMs: number }> {
    const { dims, data, runMs } = await this.runBare({ dims: inputs.map((input) => input.dims), data: inputs.map((input) => input.data) })
    return { outputs: this.description.outputs.map((spec, index) => ({ ...spec, dims: dims[index] ?? [], data: data[index] ?? [] })), runMs }
  }

  async release (): Promise<void> {
    await this.#session.release()
  }
}

let runtime: Promise<typeof import('onnxruntime-node')> | undefined

const runNow = ((callback: () => void) => { callback() }) as unknown as typeof setImmediate

function loadRuntime (): Promise<typeof import('onnxruntime-node')> {
  // With Node's own Float16Array in sight ONNX Runtime refuses float16 inputs (microsoft/onnxruntime#26791).
  Reflect.deleteProperty(globalThis, 'Float16Array')
  // It puts every run behind setImmediate for the sake of the main thread; a thread of its own only loses a turn of its loop.
  if (!isMainThread) globalThis.setImmediate = runNow
  runtime ??= import('onnxruntime-node')
  return runtime
}

function refuseUnservable (graph: Graph): void {
  for (const input of graph.inputs) {
    if (input.kind !== 'tensor') throw new Error(`input '${input.name}' is a ${input.kind}; only tensors can be served`)
    if (input.type === undefined) throw new Error(`input '${input.name}' has element type ${input.elementType ?? 0}, which cannot be served`)
  }
}

async function readExternalData (locations: string[], folder: string): Promise<{ path: string, data: Uint8Array }[]> {
  return await Promise.all(locations.map(async (path) => {
    const file = await locateExternalData(folder, path)
    const data = await readFile(file).catch((cause) => { throw new Error(`external data '${path}' cannot be read`, { cause }) })
    return { path, data }
  }))
}

/** The tensor behind a ZipMap takes the place of its output, which is no tensor. */
function outputSpecs (graph: Graph, session: InferenceSession, taps: string[]): TensorSpec[] {
  const metadata = new Map(session.outputMetadata.map((output) => [output.name, output]))
  const behind = new Map(graph.zipMaps.map((zipMap) => [zipMap.output, zipMap.input]))
  const servable = graph.outputs.filter((output: ValueInfo) => output.kind === 'tensor' || behind.has(output.name))
  const names = [...servable.map((output) => behind.get(output.name) ?? output.name), ...taps]
  const specs = [...new Set(names)].flatMap((name) => {
    const found = metadata.get(name)
    return found === undefined ? [] : [toSpec(found)]
  })
  if (specs.length === 0) throw new Error('the graph has no tensor output')
  return specs
}

function toSpec (metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor) throw new Error(`'${metadata.name}' is no tensor`)
  return {
    name: metadata.name,
    type: metadata.type as DataType,
    dims: metadata.shape.map((dim) => typeof dim === 'number' ? dim : -1)
  }
}
