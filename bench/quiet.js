import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

const sampleMs = 250
const quiet = 0.1

/** Waits, `patienceMs` at most, until the machine has little else to do; the servers under test are idle meanwhile. */
export class Quiet {
  /** The part of the machine that was busy with other things before each measurement. */
  busy = []
  #patienceMs

  constructor (patienceMs) {
    this.#patienceMs = patienceMs
  }

  async wait () {
    const start = performance.now()
    let busy
    do busy = await sample()
    while (busy > quiet && performance.now() - start < this.#patienceMs)
    this.busy.push(busy)
  }
}

async function sample () {
  const before = times()
  await delay(sampleMs)
  const after = times()
  return 1 - (after.idle - before.idle) / (after.total - before.total)
}

function times () {
  let idle = 0
  let total = 0
  for (const { times } of cpus()) {
    idle += times.idle
    total += Object.values(times).reduce((sum, ms) => sum + ms)
  }
  return { idle, total }
}
