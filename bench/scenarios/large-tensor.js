import { setTimeout as delay } from 'node:timers/promises'
import { buildBinaryInfer } from '../load/infer-requests.js'
import { verdict } from '../report.js'
import { buildModel } from '../servers/onnx.js'
import { median } from '../statistics.js'

const mb = 1024 * 1024
const most = 4
const more = 4
const input = { name: 'values', shape: ['N', 'size'] }
const models = {
  mean: buildModel({ operator: 'ReduceMean', attributes: { axes: [1], keepdims: 0 }, input, output: { name: 'mean', shape: ['N'] } }),
  same: buildModel({ operator: 'Identity', input, output: { ...input, name: 'same' } })
}
const directions = { mean: 'in', same: 'in and out' }

/** The peak of the resident memory of a new server that answers one big binary tensor, and after some more of them. */
export async function run ({ servers, quiet, rounds, smoke }) {
  const sizeMb = smoke ? 8 : 64
  const length = sizeMb * mb / Float32Array.BYTES_PER_ELEMENT
  const tensor = { name: input.name, shape: [1, length], data: Float32Array.from({ length }, (_, index) => index % 1000) }
  const measured = Object.fromEntries(Object.keys(models).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, model] of Object.entries(models)) {
      const store = await servers.store({ [name]: model })
      const request = buildBinaryInfer(name, tensor)
      const server = await servers.ours({ MODEL_STORE: store, BODY_LIMIT: String((sizeMb + 1) * mb), MAX_EVENT_LOOP_DELAY_MS: '0' })
      await quiet.wait()
      await delay(smoke ? 0 : 1000)
      const idleMb = server.rssMb
      const times = () => (server.peakRssMb - idleMb) / sizeMb
      await ask(server, request)
      const one = times()
      for (let index = 0; index < more; index++) await ask(server, request)
      measured[name].push({ idleMb, one, all: times() })
      await server.stop()
    }
  }

  const rows = Object.entries(measured).map(([name, results]) => {
    const [one, all, idleMb] = ['one', 'all', 'idleMb'].map((figure) => median(results.map((result) => result[figure])))
    return {
      what: `${sizeMb} MB binary tensor ${directions[name]}, peak RSS above idle`,
      bar: `<= ${most} x the body`,
      measured: `${one.toFixed(2)} x, after ${1 + more} of them ${all.toFixed(2)} x (idle ${idleMb.toFixed(0)} MB)`,
      verdict: verdict(one <= most)
    }
  })
  return { rows, details: measured }
}

async function ask (server, { path, body, headers }) {
  const response = await server.post(path, body, headers)
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`the tensor is answered ${response.status}`)
}
