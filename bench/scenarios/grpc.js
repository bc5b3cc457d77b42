import { verdict } from '../report.js'
import { findPort } from '../servers/process.js'
import { median } from '../statistics.js'

const calls = 32
const least = 0.7
const message = {
  model_name: 'iris',
  inputs: [{ name: 'float_input', datatype: 'FP32', shape: ['1', '4'] }],
  raw_input_contents: [Buffer.from(Float32Array.of(5.1, 3.5, 1.4, 0.2).buffer)]
}

/** Raw tensors of a tiny model over gRPC beside an echo service on the same library. */
export async function run ({ servers, load, quiet, rounds, seconds }) {
  const measured = { ours: [], echo: [] }
  for (let round = 0; round < rounds; round++) {
    const ports = { ours: await findPort(), echo: await findPort() }
    const ours = await servers.ours({ GRPC_PORT: String(ports.ours), MAX_EVENT_LOOP_DELAY_MS: '0' })
    const running = { ours, echo: await servers.echo(ports.echo) }
    for (const port of Object.values(ports)) await load.runCalls({ port, message, calls, seconds })
    await quiet.wait()
    for (const [name, server] of Object.entries(running)) {
      const before = server.cpuMs
      const result = await load.runCalls({ port: ports[name], message, calls, seconds })
      measured[name].push({ ...result, cpuUs: (server.cpuMs - before) * 1000 / result.completed })
    }
    for (const server of Object.values(running)) await server.stop()
  }

  const of = (name, figure) => median(measured[name].map((result) => result[figure]))
  const [ours, echo] = ['ours', 'echo'].map((name) => of(name, 'perSecond'))
  return {
    rows: [{
      what: `gRPC raw, iris, ${calls} calls in flight`,
      bar: `>= ${least} of an echo service`,
      measured: `${(ours / echo).toFixed(2)} (${ours.toFixed(0)}/s; echo ${echo.toFixed(0)}/s; client ${['ours', 'echo'].map((name) => `${Math.round(of(name, 'cpu') * 100)} %`).join(' and ')} of a core)`,
      verdict: verdict(ours / echo >= least)
    }, {
      what: `gRPC raw, iris, ${calls} calls in flight, CPU for each call`,
      bar: '',
      measured: Object.keys(measured).map((name) => `${name} ${Math.round(of(name, 'cpuUs'))} µs`).join(', '),
      verdict: ''
    }],
    details: measured
  }
}
