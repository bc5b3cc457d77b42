import { buildBinaryInfer, buildJsonInfer } from '../load/infer-requests.js'
import { verdict } from '../report.js'
import { buildImageIdentity, buildImageTensor } from '../servers/image-model.js'
import { median } from '../statistics.js'

const connections = 8
const leastOfJson = 10
const leastOfFloor = 0.5
// JSON takes so much longer that what is under way at the end would count.
const jsonTimes = 4

/** One image in and out, as bytes and as JSON, and as bytes beside bare Fastify. */
export async function run ({ servers, load, quiet, rounds, seconds }) {
  const tensor = buildImageTensor()
  const binary = buildBinaryInfer('image', tensor)
  const json = buildJsonInfer('image', tensor)
  const store = await servers.store({ image: buildImageIdentity() })
  const measured = { ours: [], floor: [], json: [] }
  for (let round = 0; round < rounds; round++) {
    const ours = await servers.ours({ MODEL_STORE: store, MAX_EVENT_LOOP_DELAY_MS: '0' })
    const floor = await servers.binaryFloor(ours, binary)
    const loads = {
      ours: { server: ours, requests: [binary], seconds },
      floor: { server: floor, requests: [binary], seconds },
      json: { server: ours, requests: [json], seconds: seconds * jsonTimes }
    }
    const send = ({ server: { port }, ...options }) => load.run({ port, connections, ...options })
    for (const options of Object.values(loads)) await send(options)
    await quiet.wait()
    for (const [name, options] of Object.entries(loads)) {
      const before = options.server.cpuMs
      const result = await send(options)
      measured[name].push({ ...result, cpuUs: (options.server.cpuMs - before) * 1000 / result.completed })
    }
    await ours.stop()
    await floor.stop()
  }

  const of = (name, figure) => median(measured[name].map((result) => result[figure]))
  const [ours, floor, asJson] = ['ours', 'floor', 'json'].map((name) => of(name, 'perSecond'))
  const what = `1x3x224x224 FP32 in and out as bytes, ${connections} connections`
  return {
    rows: [
      { what, bar: `>= ${leastOfJson} x the same as JSON`, measured: `${(ours / asJson).toFixed(1)} x (${ours.toFixed(0)}/s; JSON ${asJson.toFixed(1)}/s)`, verdict: verdict(ours / asJson >= leastOfJson) },
      { what, bar: `>= ${leastOfFloor} of bare Fastify`, measured: `${(ours / floor).toFixed(2)} (${ours.toFixed(0)}/s; floor ${floor.toFixed(0)}/s)`, verdict: verdict(ours / floor >= leastOfFloor) },
      { what: `${what}, CPU for each request`, bar: '', measured: ['ours', 'floor', 'json'].map((name) => `${name} ${Math.round(of(name, 'cpuUs'))} µs`).join(', '), verdict: '' }
    ],
    details: measured
  }
}
