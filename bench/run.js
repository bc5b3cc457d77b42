import { readdir } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { parse, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LoadProcess } from './load/index.js'
import { Quiet } from './quiet.js'
import { table } from './report.js'
import { Servers } from './servers/index.js'
import { median } from './statistics.js'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    patience: { type: 'string' },
    dist: { type: 'string' },
    node: { type: 'string', multiple: true, default: [] }
  }
})

const folder = new URL('./scenarios/', import.meta.url)
const names = (await readdir(folder)).map((file) => parse(file).name)
const wanted = values.only ?? names
const unknown = wanted.find((name) => !names.includes(name))
if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; there are ${names.join(', ')}`)

const loads = [new LoadProcess(), new LoadProcess()]
const [load, otherLoad] = loads
const context = {
  load,
  otherLoad,
  quiet: new Quiet(Number(values.patience ?? (values.smoke ? 0 : 20)) * 1000),
  servers: new Servers({ ...(values.dist !== undefined && { dist: resolve(values.dist) }), execArgv: values.node }),
  rounds: Number(values.rounds ?? (values.smoke ? 1 : 5)),
  seconds: Number(values.seconds ?? (values.smoke ? 0.25 : 2)),
  smoke: values.smoke
}

const results = {}
for (const name of wanted) {
  process.stderr.write(`${name} …\n`)
  const { run } = await import(new URL(`${name}.js`, folder))
  try {
    results[name] = await run(context)
  } catch (error) {
    results[name] = { rows: [{ what: name, bar: '', measured: String(error.cause ?? error).trim().replaceAll(/\s*\n\s*/g, ' '), verdict: 'failed' }] }
    process.exitCode = 1
  }
  await context.servers.close()
}
for (const generator of loads) generator.close()

const busy = context.quiet.busy.length > 0 ? Math.round(median(context.quiet.busy) * 100) : 0
const machine = { node: process.version, cpu: cpus()[0]?.model.trim(), cores: availableParallelism(), busy }
const rows = Object.values(results).flatMap((result) => result.rows)
process.stdout.write(values.json ? `${JSON.stringify({ machine, results }, null, 2)}\n` : `Node ${machine.node}, ${machine.cores} cores (${machine.cpu}), ${machine.busy} % busy with other work before the measurements (median)${remark()}\n\n${table(rows)}\n`)

function remark () {
  if (values.smoke) return '; smoke run, the numbers mean nothing'
  return machine.busy > 25 ? '; rates and times are those of a busy machine, not of the servers' : ''
}
