import { buildJsonInfer } from '../load/infer-requests.js'
import { verdict } from '../report.js'
import { median } from '../statistics.js'

const connections = 32
const rows = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.1, 4.4, 1.4], [6.3, 3.3, 6, 2.5]]
const names = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']
const least = 0.8
// What is compared is code that V8 has compiled.
const warmUpSeconds = 3
const leadInSeconds = 1

/** The same rows as JSON tensors and as records, to the same server in turn. */
export async function run ({ servers, load, quiet, rounds, seconds, smoke }) {
  const faces = {
    records: rows.map((row) => ({ path: '/models/iris/predict', body: Object.fromEntries(names.map((name, index) => [name, row[index]])) })),
    tensors: rows.map((data) => buildJsonInfer('iris', { name: 'float_input', shape: [1, names.length], data }))
  }
  const measured = { records: [], tensors: [] }
  for (let round = 0; round < rounds; round++) {
    const server = await servers.ours({ MAX_EVENT_LOOP_DELAY_MS: '0' })
    const { port } = server
    for (const requests of Object.values(faces)) await load.run({ port, requests, connections, seconds: smoke ? seconds : warmUpSeconds })
    await quiet.wait()
    for (const [face, requests] of Object.entries(faces)) {
      if (!smoke) await load.run({ port, requests, connections, seconds: leadInSeconds })
      measured[face].push(await load.run({ port, requests, connections, seconds }))
    }
    await server.stop()
  }

  const [records, tensors] = ['records', 'tensors'].map((face) => median(measured[face].map(({ perSecond }) => perSecond)))
  const ratio = tensors / records
  return {
    rows: [{
      what: `OIP JSON, iris, ${connections} connections`,
      bar: `>= ${least} of /models/iris/predict`,
      measured: `${ratio.toFixed(2)} (${tensors.toFixed(0)}/s; records ${records.toFixed(0)}/s)`,
      verdict: verdict(ratio >= least)
    }],
    details: measured
  }
}
