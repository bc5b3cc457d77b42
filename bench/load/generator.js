import { Connection } from './connection.js'
import { buildRequest } from './requests.js'
import { summarize } from './summary.js'

/**
 * Sends `requests` in turn over `connections` sockets for `seconds`, or until `count` were sent, one at a time on each. With `perSecond` each
 * socket keeps to that rate, and a request that could not be sent in time because the one before was late counts from when it was due.
 * Resolves with times in microseconds and `cpu`, the part of a core that the generator itself used.
 */
export async function generate ({ port, requests, connections, seconds = Infinity, count = Infinity, perSecond }) {
  const prepared = requests.map(buildRequest)
  const latencies = []
  const statuses = {}
  let sent = 0
  let lost = 0
  let running = true
  let endEarly
  const ended = new Promise((resolve) => { endEarly = resolve })
  const onEnd = () => {
    if (!running) return
    lost++
    endEarly()
  }
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port, onEnd)))
  const cpu = process.cpuUsage()
  const start = performance.now()
  const end = start + seconds * 1000

  const answered = new Promise((resolve) => {
    let active = open.length
    const stop = () => { if (--active === 0) resolve() }
    const drive = (connection, index) => {
      let due = start + (perSecond === undefined ? 0 : index * 1000 / perSecond / connections)
      const next = () => {
        const now = performance.now()
        if (now >= end || sent >= count) return stop()
        if (perSecond === undefined) return send(now)
        const since = due
        due += 1000 / perSecond
        if (since <= now) send(since)
        else setTimeout(() => send(performance.now()), since - now)
      }
      const send = (since) => {
        connection.send(prepared[sent++ % prepared.length], (status) => {
          const now = performance.now()
          statuses[status] = (statuses[status] ?? 0) + 1
          if (status === 200 && now <= end) latencies.push((now - since) * 1000)
          next()
        })
      }
      next()
    }
    open.forEach(drive)
  })
  await Promise.race([answered, ended])

  const elapsed = Math.min(performance.now(), end) - start
  const used = process.cpuUsage(cpu)
  running = false
  for (const connection of open) connection.close()
  return { ...summarize(latencies, elapsed, used), statuses, lost }
}
