import { verdict } from '../report.js'
import { runBareLoop } from '../servers/bare-loop.js'
import { median } from '../statistics.js'

const connections = 16
const tiny = { requests: [{ path: '/models/iris/predict', body: { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 } }], connections }
const big = { requests: [{ path: '/models/slow/predict', body: { features: [1, 2, 3, 4] } }], connections }
const starving = 0.1

/** A tiny and a big model in one server, both under load, beside each of them alone in the same server. */
export async function run ({ servers, load, otherLoad, quiet, rounds, seconds }) {
  const store = await servers.store({ iris: `${servers.examples}/iris`, slow: servers.file('slow') })
  const measured = []
  for (let round = 0; round < rounds; round++) {
    await quiet.wait()
    const runMs = 1000 / await runBareLoop({ file: servers.file('slow'), threads: 1, seconds, dims: [1, 4] })
    const server = await servers.ours({ MODEL_STORE: store })
    const { port } = server
    await load.run({ port, ...tiny, seconds })
    const tinyAlone = await load.run({ port, ...tiny, seconds })
    const bigAlone = await otherLoad.run({ port, ...big, seconds })
    const [tinyBeside, bigBeside] = await Promise.all([load.run({ port, ...tiny, seconds }), otherLoad.run({ port, ...big, seconds })])
    measured.push({ runMs, tinyAlone, bigAlone, tinyBeside, bigBeside })
    await server.stop()
  }

  const of = (figure) => median(measured.map(figure))
  const p99 = of(({ tinyBeside }) => tinyBeside.p99 / 1000)
  const runMs = of((one) => one.runMs)
  const rates = ['tinyAlone', 'tinyBeside', 'bigAlone', 'bigBeside'].map((name) => of((one) => one[name].perSecond))
  const [tinyAlone, tinyBeside, bigAlone, bigBeside] = rates
  return {
    rows: [
      { what: 'tiny beside big model, p99 of the tiny one', bar: `< 3 x run time of the big one (${(3 * runMs).toFixed(1)} ms)`, measured: `${p99.toFixed(1)} ms`, verdict: verdict(p99 < 3 * runMs) },
      {
        what: 'tiny beside big model, rates',
        bar: `neither starves (> ${starving} of its rate alone)`,
        measured: `tiny ${tinyBeside.toFixed(0)}/s (alone ${tinyAlone.toFixed(0)}/s), big ${bigBeside.toFixed(0)}/s (alone ${bigAlone.toFixed(0)}/s)`,
        verdict: verdict(tinyBeside > starving * tinyAlone && bigBeside > starving * bigAlone)
      }
    ],
    details: measured
  }
}
