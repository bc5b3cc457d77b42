import autocannon from 'autocannon'

/** The same load by autocannon, in this process, with what it says and the part of a core that it used. */
export async function runAutocannon ({ port, requests, connections, seconds }) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const { requests: { average } } = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: seconds,
    requests: requests.map(({ path, body }) => ({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }))
  })
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: average, cpu: (user + system) / 1000 / (performance.now() - start) }
}
