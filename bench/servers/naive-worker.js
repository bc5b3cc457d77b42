import { workerData } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'

const session = await InferenceSession.create(workerData, { intraOpNumThreads: 1, interOpNumThreads: 1 })
const [input] = session.inputNames

/** Runs one request; called without one it only shows that the thread is up. */
export default async function run (task) {
  if (task === undefined) return []
  const results = await session.run({ [input]: new Tensor('float32', task.data, task.dims) })
  return session.outputNames.map((name) => ({ data: results[name].data, dims: results[name].dims }))
}
