import { parentPort, workerData } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'

const { file, seconds, dims } = workerData
const warmUpMs = 200
const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 })
const feeds = { [session.inputNames[0]]: new Tensor('float32', new Float32Array(dims.reduce((product, dim) => product * dim)).fill(0.5), dims) }

await loop(warmUpMs)
parentPort.postMessage(await loop(seconds * 1000))

async function loop (ms) {
  const start = performance.now()
  let runs = 0
  let now = start
  while (now - start < ms) {
    await session.run(feeds)
    runs++
    now = performance.now()
  }
  return runs * dims[0] / (now - start) * 1000
}
