import { collectDefaultMetrics, Counter, type Registry } from 'prom-client'

const lag = /^# HELP nodejs_eventloop_lag_/
const unmeasured = /^nodejs_eventloop_lag_mean_seconds nan$/im

/**
 * Adds what the library says of Node and the process. From then on the event loop is sampled a hundred times a second, which
 * takes 0.2 % of a core also when nothing else happens, and the garbage collector is observed.
 */
export function observeProcess (registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  // The library counts from now on; the process has worked before.
  const { user, system } = process.cpuUsage()
  for (const [name, spent] of [['user_', user], ['system_', system], ['', user + system]] as const) {
    const counter = registry.getSingleMetric(`process_cpu_${name}seconds_total`)
    if (counter instanceof Counter) counter.inc(spent / 1e6)
  }
}

/** The text without the lag of the event loop if it has not been sampled since the last time: its figures would be those of an empty histogram. */
export function dropUnmeasured (text: string): string {
  if (!unmeasured.test(text)) return text
  return text.split('\n\n').filter((metric) => !lag.test(metric)).join('\n\n')
}
