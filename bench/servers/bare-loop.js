import { Worker } from 'node:worker_threads'

// ONNX Runtime's telemetry looks at the main thread's environment only.
process.env.ORT_DISABLE_TELEMETRY = '1'

/** Rows per second of so many threads that do nothing but run the model on one row, for `seconds`. */
export async function runBareLoop ({ file, threads, seconds, dims }) {
  const rates = await Promise.all(Array.from({ length: threads }, () => new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./bare-loop-thread.js', import.meta.url), { workerData: { file, seconds, dims } })
    worker.once('message', resolve)
    worker.once('error', reject)
  })))
  return rates.reduce((sum, rate) => sum + rate, 0)
}
