import { verdict } from '../report.js'
import { median } from '../statistics.js'

const connections = 32
const path = '/models/wide-network/predict'
const requests = Array.from({ length: 4 }, (_, request) => ({ path, body: { features: Array.from({ length: 64 }, (_, index) => Math.fround(Math.sin(request * 64 + index))) } }))

/** A 64-512-512-10 network beside one task per request. */
export async function run ({ servers, load, quiet, rounds, seconds }) {
  const store = await servers.store({ 'wide-network': servers.file('wide-network') })
  const measured = { ours: [], naive: [] }
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    const running = { ours: await servers.ours({ MODEL_STORE: store }), naive: await servers.naive('wide-network') }
    for (const { port } of Object.values(running)) await load.run({ port, requests, connections, seconds })
    for (const [name, { port }] of Object.entries(running)) measured[name].push(await load.run({ port, requests, connections, seconds }))
    for (const server of Object.values(running)) await server.stop()
  }
  const [ours, naive] = ['ours', 'naive'].map((name) => Math.round(median(measured[name].map(({ perSecond }) => perSecond))))
  return {
    rows: [{ what: '64-512-512-10 network, 32 connections', bar: '>= 3 x naive', measured: `${(ours / naive).toFixed(1)} x (${ours}/s; naive ${naive}/s)`, verdict: verdict(ours / naive >= 3) }],
    details: measured
  }
}
