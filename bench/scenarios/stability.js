import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { verdict } from '../report.js'
import { slope } from '../statistics.js'

const requests = [{ path: '/models/iris/predict', body: { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 } }]
const reloadLimitMs = 10_000
const samples = 40
// The heap takes and gives back memory in steps of megabytes: less than this part of it over a whole run is no slope.
const noise = 0.01

/** Memory over many predictions and then over many reloads of a model, both on one server. */
export async function run ({ servers, load, smoke }) {
  const predictions = smoke ? 4000 : 200_000
  const reloads = smoke ? 4 : 200
  const store = await servers.store({ iris: `${servers.examples}/iris` })
  const server = await servers.ours({ MODEL_STORE: store })
  const predict = (count) => load.run({ port: server.port, requests, connections: 32, count })
  // The heap finds its size in the first quarter of a million, and what connections leave behind that of 10,000 of them; that part is not counted.
  await sample(predictions * 2, smoke ? 4 : 320, predict)
  const overPredictions = await sample(predictions, samples, predict)
  // What loads a model is compiled by V8 while it gets warm, which is not counted either.
  await reload(reloads * 3)
  const overReloads = await sample(reloads, Math.min(reloads, samples), reload)
  await server.stop()
  return {
    rows: [row(`RSS over ${predictions} predictions`, overPredictions), row(`RSS over ${reloads} reloads`, overReloads)],
    details: { overPredictions, overReloads }
  }

  async function sample (total, steps, work) {
    const points = [[0, server.rssMb]]
    for (let step = 1; step <= steps; step++) {
      await work(total / steps)
      points.push([step / steps, server.rssMb])
    }
    return points
  }

  async function reload (times) {
    for (let time = 0; time < times; time++) await forceReload()
  }

  async function forceReload () {
    const before = await loadedAt()
    await utimes(join(store, 'iris/1/metadata.json'), new Date(), new Date())
    server.signal('SIGHUP')
    const start = performance.now()
    while (await loadedAt() === before) {
      if (performance.now() - start > reloadLimitMs) throw new Error('the model was not reloaded')
      await delay(5)
    }
  }

  async function loadedAt () {
    const response = await fetch(`${server.url}/models/iris`)
    const { versions } = await response.json()
    return versions[0].loaded_at
  }
}

function row (what, points) {
  const { value, error } = slope(points)
  const [first, last] = [points[0][1], points.at(-1)[1]]
  return {
    what,
    bar: `flat (slope <= ${noise * 100} % over the whole)`,
    measured: `${first.toFixed(1)} -> ${last.toFixed(1)} MB; slope ${value.toFixed(1)} ± ${error.toFixed(1)} MB`,
    verdict: verdict(value <= noise * first)
  }
}
