import { Client, credentials } from '@grpc/grpc-js'
import { service } from '../inference-service.js'
import { summarize } from './summary.js'

const { path, requestSerialize, responseDeserialize } = service.ModelInfer
// The client is not what is measured: its messages are bytes already.
const asIs = (bytes) => bytes

/**
 * Keeps `calls` ModelInfer calls with `message` in flight on one client for `seconds`. Resolves with the figures of summarize(), rejects when a
 * call fails or answers no bytes.
 */
export async function generateCalls ({ port, message, calls, seconds }) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  const request = requestSerialize(message)
  const ask = () => new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, request, (error, answer) => error === null ? resolve(answer) : reject(error))
  })
  const latencies = []
  try {
    const first = responseDeserialize(await ask())
    if (first.raw_output_contents.length === 0) throw new Error('the answer holds no raw tensors')
    const cpu = process.cpuUsage()
    const start = performance.now()
    const end = start + seconds * 1000
    const drive = async () => {
      let since = performance.now()
      while (since < end) {
        await ask()
        const now = performance.now()
        if (now <= end) latencies.push((now - since) * 1000)
        since = now
      }
    }
    await Promise.all(Array.from({ length: calls }, drive))
    return summarize(latencies, seconds * 1000, process.cpuUsage(cpu))
  } finally {
    client.close()
  }
}
