import { verdict } from '../report.js'
import { buildImage, buildImageModel } from '../servers/image-model.js'
import { median } from '../statistics.js'

const probe = { requests: [{ method: 'GET', path: '/health' }], connections: 1, perSecond: 200 }
const mostMs = 20

/** How long a liveness probe waits, 200 times a second, while the threads have more to do than they can, and while big bodies are read. */
export async function run ({ servers, load, otherLoad, quiet, rounds, seconds }) {
  const image = buildImage()
  const pressures = {
    'the pool is saturated': { requests: [{ path: '/models/slow/predict', body: { features: [1, 2, 3, 4] } }], connections: 64 },
    [`${(JSON.stringify(image).length / 1e6).toFixed(1)} MB JSON bodies arrive`]: { requests: [{ path: '/models/image/predict', body: image }], connections: 4 }
  }
  const store = await servers.store({ slow: servers.file('slow'), image: buildImageModel() })
  const measured = Object.fromEntries(Object.keys(pressures).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    const server = await servers.ours({ MODEL_STORE: store })
    const { port } = server
    for (const [name, pressure] of Object.entries(pressures)) {
      await otherLoad.run({ port, ...pressure, seconds: seconds / 4 })
      const [health, under] = await Promise.all([load.run({ port, ...probe, seconds }), otherLoad.run({ port, ...pressure, seconds })])
      measured[name].push({ health, under })
    }
    await server.stop()
  }

  const rows = Object.entries(measured).map(([name, results]) => {
    const p99 = median(results.map(({ health }) => health.p99)) / 1000
    const longest = Math.max(...results.map(({ health }) => health.longest)) / 1000
    const rate = median(results.map(({ under }) => under.perSecond))
    const what = `GET /health while ${name}`
    return { what, bar: `p99 <= ${mostMs} ms`, measured: `${p99.toFixed(1)} ms (longest ${longest.toFixed(1)} ms; ${rate.toFixed(0)} predictions/s meanwhile)`, verdict: verdict(p99 <= mostMs) }
  })
  return { rows, details: measured }
}
