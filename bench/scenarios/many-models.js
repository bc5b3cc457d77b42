import { setTimeout as delay } from 'node:timers/promises'
import { verdict } from '../report.js'
import { median } from '../statistics.js'

const examples = ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf']

/** What a hundred small models more cost in start-up time and in memory. */
export async function run ({ servers, quiet, rounds, smoke }) {
  const count = smoke ? 10 : 100
  const path = (name) => `${servers.examples}/${name}`
  const few = Object.fromEntries(examples.map((name) => [name, path(name)]))
  const copies = Object.fromEntries(Array.from({ length: count }, (_, index) => [`small-${index}`, `${path('iris')}/1/model.onnx`]))
  const stores = { few: await servers.store(few), many: await servers.store({ ...few, ...copies }) }
  const measured = { few: [], many: [] }
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    for (const [name, store] of Object.entries(stores)) {
      const server = await servers.ours({ MODEL_STORE: store }, { everyMs: 5 })
      await delay(smoke ? 200 : 2000)
      measured[name].push({ loadedMs: server.readyMs, rssMb: server.rssMb })
      await server.stop()
    }
  }

  const more = (figure) => median(measured.many.map((one) => one[figure])) - median(measured.few.map((one) => one[figure]))
  const seconds = more('loadedMs') / 1000
  const mb = more('rssMb') / count
  return {
    rows: [
      { what: `${count} small models more, time to load`, bar: '<= 3 s', measured: `${seconds.toFixed(2)} s`, verdict: verdict(seconds <= 3) },
      { what: `${count} small models more, RSS of each`, bar: '<= 2 MB', measured: `${mb.toFixed(2)} MB`, verdict: verdict(mb <= 2) }
    ],
    details: measured
  }
}
