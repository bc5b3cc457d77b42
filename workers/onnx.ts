import type { TensorData } from '../codecs/tensor.js'
import type { BodyReader } from './body-reader.js'
import type { InferResult, InferTask, Worker } from './contract.js'
import { OnnxSession } from './onnx-session.js'

const sessions = new Map<string, OnnxSession>()
let reader: BodyReader | undefined

// Above this a copy costs more than handing the memory over.
const transferBytes = 65_536

export const open: Worker['open'] = async (model) => {
  const session = await OnnxSession.open(model)
  sessions.set(model.key, session)
  return session.description
}

export const connect: Worker['connect'] = async (port) => {
  port.on('message', (task: InferTask) => {
    infer(task).then((result) => port.postMessage(result, [...largeMemory(memoryOf(result.data))]), (error: Error) => port.postMessage({ error }))
  })
}

async function infer ({ key, dims, data }: InferTask): Promise<InferResult> {
  const session = sessions.get(key)
  if (session === undefined) throw new Error(`model ${key} is not open on this thread`)
  const result = await session.runBare({ dims, data })
  free(memoryOf(data))
  return result
}

export const close: Worker['close'] = async (key) => {
  const session = sessions.get(key)
  sessions.delete(key)
  await session?.release()
}

export const read: Worker['read'] = async (task) => {
  // Few threads ever read a body, and the validator would cost each of them 8 MB.
  reader ??= new (await import('./body-reader.js')).BodyReader()
  const result = reader.read(task)
  return 'input' in result ? handOver(result, memoryOf(result.input.tensors.map(({ data }) => data))) : result
}

export const decode: Worker['decode'] = async (task) => {
  const { readInfer } = await import('./infer-reader.js')
  const result = readInfer(task)
  return 'request' in result ? handOver(result, memoryOf(result.request.inputs.map(({ data }) => data))) : result
}

export const encode: Worker['encode'] = async (answer) => {
  const { encodeInferParts } = await import('../codecs/oip/response.js')
  const { json: text, blobs } = encodeInferParts(answer)
  const json = Buffer.from(text)
  return handOver({ json, blobs }, [json, ...blobs])
}

function memoryOf (arrays: TensorData[]): ArrayBufferView[] {
  return arrays.flatMap((data) => Array.isArray(data) ? [] : data)
}

/** Gives large memory back at once: collecting it may take until several more requests of that size have come. */
function free (views: ArrayBufferView[]): void {
  for (const { buffer, byteLength } of views) {
    if (byteLength >= transferBytes && buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}

function largeMemory (views: ArrayBufferView[]): Set<ArrayBuffer> {
  const large = new Set<ArrayBuffer>()
  for (const { buffer, byteLength } of views) {
    if (byteLength >= transferBytes && buffer instanceof ArrayBuffer) large.add(buffer)
  }
  return large
}

/** Large memory changes threads by transfer. The one place that uses Piscina in a thread: only its own wrapper can mark a result so. */
async function handOver<T> (value: T, views: ArrayBufferView[]): Promise<T> {
  const large = largeMemory(views)
  if (large.size === 0) return value
  const { move, transferableSymbol, valueSymbol } = await import('piscina')
  return move({ [transferableSymbol]: [...large], [valueSymbol]: value } as never) as unknown as T
}
