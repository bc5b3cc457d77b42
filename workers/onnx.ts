import type { TensorData } from '../codecs/tensor.js'
import type { BodyReader } from './body-reader.js'
import type { Worker } from './contract.js'
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

export const infer: Worker['infer'] = async ({ key, inputs }) => {
  const session = sessions.get(key)
  if (session === undefined) throw new Error(`model ${key} is not open on this thread`)
  const result = await session.run(inputs)
  return handOver(result, result.outputs)
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
  return 'input' in result ? handOver(result, result.input.tensors) : result
}

/** Large tensors change threads by transfer. The one place that uses Piscina in a thread: only its own wrapper can mark a result so. */
async function handOver<T> (value: T, tensors: { data: TensorData }[]): Promise<T> {
  const large: ArrayBufferLike[] = []
  for (const { data } of tensors) {
    if (!Array.isArray(data) && data.byteLength >= transferBytes) large.push(data.buffer)
  }
  if (large.length === 0) return value
  const { move, transferableSymbol, valueSymbol } = await import('piscina')
  return move({ [transferableSymbol]: large, [valueSymbol]: value } as never) as unknown as T
}
