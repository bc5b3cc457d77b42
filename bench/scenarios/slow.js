import { verdict } from '../report.js'
import { runBareLoop } from '../servers/bare-loop.js'
import { median } from '../statistics.js'

const connections = 32
const threads = 2
const requests = [{ path: '/models/slow/predict', body: { features: [1, 2, 3, 4] } }]

/** A model of about 5 ms per row beside two threads that only run it, with no server around them. */
export async function run ({ servers, load, quiet, rounds, seconds }) {
  const file = servers.file('slow')
  const store = await servers.store({ slow: file })
  const measured = { ours: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    measured.bare.push(await runBareLoop({ file, threads, seconds, dims: [1, 4] }))
    const ours = await servers.ours({ MODEL_STORE: store })
    await load.run({ port: ours.port, requests, connections, seconds })
    measured.ours.push(await load.run({ port: ours.port, requests, connections, seconds }))
    await ours.stop()
  }
  const bare = median(measured.bare)
  const ours = median(measured.ours.map(({ perSecond }) => perSecond))
  return {
    rows: [{
      what: `${(threads * 1000 / bare).toFixed(1)} ms per row, 32 connections`,
      bar: '>= 0.9 of two bare threads',
      measured: `${(ours / bare).toFixed(2)} (${ours.toFixed(0)} rows/s; bare ${bare.toFixed(0)})`,
      verdict: verdict(ours / bare >= 0.9)
    }],
    details: measured
  }
}
