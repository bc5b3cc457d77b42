import { median } from '../statistics.js'
import { verdict } from '../report.js'

const path = '/models/iris/predict'
const records = [
  { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 },
  { sepal_length: 6.7, sepal_width: 3.1, petal_length: 4.4, petal_width: 1.4 },
  { sepal_length: 6.3, sepal_width: 3.3, petal_length: 6, petal_width: 2.5 }
]
const requests = records.map((body) => ({ path, body }))
const concurrencies = [32, 128, 1]
// What is compared is code that V8 has compiled; ours is more of it. A server that waits for its turn gives some of it up.
const warmUpSeconds = 4
const leadInSeconds = 1

/** Single records of a tiny model beside bare Fastify and one task per request. Servers are new in every round and take turns. */
export async function run ({ servers, load, quiet, rounds, seconds, smoke }) {
  const measured = new Map()
  for (let round = 0; round < rounds; round++) {
    const ours = await servers.ours()
    const chatty = await servers.ours({ LOG_LEVEL: 'info' })
    const running = { floor: await servers.floor(ours, path, records[0]), ours, naive: await servers.naive('iris'), 'ours, default log level': chatty }
    for (const { port } of Object.values(running)) await load.run({ port, requests, connections: 32, seconds: smoke ? seconds : warmUpSeconds })
    for (const connections of concurrencies) {
      await quiet.wait()
      for (const [name, server] of Object.entries(running)) {
        const key = `${name} ${connections}`
        if (!smoke) await load.run({ port: server.port, requests, connections, seconds: leadInSeconds })
        const before = server.cpuMs
        const result = await load.run({ port: server.port, requests, connections, seconds })
        result.cpuUs = (server.cpuMs - before) * 1000 / result.completed
        measured.set(key, [...measured.get(key) ?? [], result])
      }
    }
    for (const server of Object.values(running)) await server.stop()
  }

  const of = (name, connections, figure) => median(measured.get(`${name} ${connections}`).map((result) => result[figure]))
  const rate = (name, connections) => Math.round(of(name, connections, 'perSecond'))
  const rows = []
  for (const connections of [32, 128]) {
    const [floor, ours, naive] = ['floor', 'ours', 'naive'].map((name) => rate(name, connections))
    const what = `iris, ${connections} connections`
    const rates = `${ours}/s; floor ${floor}/s, naive ${naive}/s`
    rows.push(
      { what, bar: '>= 0.85 of the floor', measured: `${(ours / floor).toFixed(2)} (${rates})`, verdict: verdict(ours / floor >= 0.85) },
      { what, bar: '>= 5 x naive', measured: `${(ours / naive).toFixed(1)} x`, verdict: verdict(ours / naive >= 5) }
    )
  }
  const us = (name, figure) => Math.round(of(name, 1, figure))
  const p50 = us('ours', 'p50') - us('floor', 'p50')
  const most = 2 * us('floor', 'p99') + 500
  rows.push(
    { what: 'iris, 1 connection, p50', bar: '<= floor + 130 µs', measured: `floor + ${p50} µs (${us('ours', 'p50')} µs; floor ${us('floor', 'p50')} µs, naive ${us('naive', 'p50')} µs)`, verdict: verdict(p50 <= 130) },
    { what: 'iris, 1 connection, p99', bar: '<= 2 x floor + 500 µs', measured: `${us('ours', 'p99')} µs (bar ${most} µs; floor ${us('floor', 'p99')} µs, naive ${us('naive', 'p99')} µs)`, verdict: verdict(us('ours', 'p99') <= most) },
    { what: 'iris, 32 connections, CPU for each request', bar: '', measured: ['ours', 'floor', 'naive'].map((name) => `${name} ${Math.round(of(name, 32, 'cpuUs'))} µs`).join(', '), verdict: '' },
    { what: 'iris, 32 connections, default log level', bar: '', measured: `${(rate('ours, default log level', 32) / rate('floor', 32)).toFixed(2)} of the floor`, verdict: '' },
    { what: 'iris, load generator, 32 connections', bar: '', measured: `${Math.round(of('floor', 32, 'cpu') * 100)} % of a core against the floor, ${Math.round(of('ours', 32, 'cpu') * 100)} % against ours`, verdict: '' }
  )
  return { rows, details: Object.fromEntries(measured) }
}
