import { runAutocannon } from '../load/autocannon.js'
import { median } from '../statistics.js'

const path = '/models/iris/predict'
const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const options = { requests: [{ path, body: record }], connections: 32 }

/** The load generator itself beside autocannon, both against the floor: the one that takes less from the server shows more of it. */
export async function run ({ servers, load, quiet, rounds, seconds }) {
  const ours = await servers.ours()
  const floor = await servers.floor(ours, path, record)
  await ours.stop()
  const generators = { own: (one) => load.run(one), autocannon: runAutocannon }
  const measured = { own: [], autocannon: [] }
  const whole = Math.max(1, Math.round(seconds))
  for (const generate of Object.values(generators)) await generate({ ...options, port: floor.port, seconds: whole })
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    for (const [name, generate] of Object.entries(generators)) measured[name].push(await generate({ ...options, port: floor.port, seconds: whole }))
  }
  await floor.stop()

  const rows = Object.entries(measured).map(([name, results]) => {
    const [rate, cpu] = ['perSecond', 'cpu'].map((figure) => median(results.map((result) => result[figure])))
    return { what: `load generator against the floor: ${name}`, bar: '', measured: `${rate.toFixed(0)}/s with ${(cpu * 100).toFixed(0)} % of a core`, verdict: '' }
  })
  return { rows, details: measured }
}
