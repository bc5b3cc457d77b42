/** What a generator resolves with, from its latencies in microseconds over `elapsedMs` and its `process.cpuUsage()` meanwhile. */
export function summarize (latencies, elapsedMs, { user, system }) {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
  return {
    perSecond: sorted.length / elapsedMs * 1000,
    completed: sorted.length,
    p50: at(0.5),
    p99: at(0.99),
    longest: sorted.at(-1) ?? NaN,
    cpu: (user + system) / 1000 / elapsedMs
  }
}
