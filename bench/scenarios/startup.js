import { setTimeout as delay } from 'node:timers/promises'
import { verdict } from '../report.js'
import { median } from '../statistics.js'

const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const everyMs = 5
const mostMs = 1000
const mostMb = 150

/** From spawning the server with the five example models to its first prediction, and its memory after that. */
export async function run ({ servers, quiet, rounds, smoke }) {
  const startMs = []
  const rssMb = []
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    const server = await servers.ours({}, { everyMs })
    const response = await server.post('/models/iris/predict', record)
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`the first prediction was answered ${response.status}`)
    startMs.push(performance.now() - server.startedAt)
    await delay(smoke ? 200 : 2000)
    rssMb.push(server.rssMb)
    await server.stop()
  }
  const start = median(startMs)
  const rss = median(rssMb)
  return {
    rows: [
      { what: 'spawn to first prediction, five example models', bar: '<= 1.0 s', measured: `${(start / 1000).toFixed(2)} s`, verdict: verdict(start <= mostMs) },
      { what: 'idle RSS, five example models', bar: '<= 150 MB', measured: `${rss.toFixed(0)} MB`, verdict: verdict(rss <= mostMb) }
    ],
    details: { startMs, rssMb }
  }
}
