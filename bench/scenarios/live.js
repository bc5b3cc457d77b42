import { buildJsonInfer } from '../load/infer-requests.js'
import { verdict } from '../report.js'
import { buildImageIdentity, buildImageModel, buildImageTensor } from '../servers/image-model.js'
import { median } from '../statistics.js'

const probe = { requests: [{ method: 'GET', path: '/v2/health/live' }], connections: 1, perSecond: 200 }
const connections = 8
const mostMs = 20

/** How long a liveness probe waits, 200 times a second, while JSON tensors arrive as fast as they are taken. */
export async function run ({ servers, load, otherLoad, quiet, rounds, seconds }) {
  const image = buildImageTensor()
  const short = { ...image, data: image.data.map((value) => Number(value.toFixed(1))) }
  const store = await servers.store({ mean: buildImageModel(), same: buildImageIdentity() })
  const pressures = {
    'arrive as short JSON': buildJsonInfer('mean', short),
    'arrive as JSON': buildJsonInfer('mean', image),
    'arrive and leave as JSON': buildJsonInfer('same', image)
  }
  const measured = Object.fromEntries(Object.keys(pressures).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const server = await servers.ours({ MODEL_STORE: store, MAX_EVENT_LOOP_DELAY_MS: '0' })
    const { port } = server
    for (const [name, request] of Object.entries(pressures)) {
      const pressure = { port, requests: [request], connections }
      await otherLoad.run({ ...pressure, seconds })
      await quiet.wait()
      const [live, under] = await Promise.all([load.run({ port, ...probe, seconds }), otherLoad.run({ ...pressure, seconds })])
      measured[name].push({ live, under })
    }
    await server.stop()
  }

  const rows = Object.entries(measured).map(([name, results]) => {
    const p99 = median(results.map(({ live }) => live.p99)) / 1000
    const longest = Math.max(...results.map(({ live }) => live.longest)) / 1000
    const rate = median(results.map(({ under }) => under.perSecond))
    const size = (JSON.stringify(pressures[name].body).length / 1e6).toFixed(1)
    return {
      what: `GET /v2/health/live while 600 KB tensors ${name} (${size} MB)`,
      bar: `p99 <= ${mostMs} ms`,
      measured: `${p99.toFixed(1)} ms (longest ${longest.toFixed(1)} ms; ${rate.toFixed(0)} tensors/s meanwhile)`,
      verdict: verdict(p99 <= mostMs)
    }
  })
  return { rows, details: measured }
}
