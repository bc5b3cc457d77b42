import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { explainVersion } from '../node-version.js'
import { buildProject, copyProject } from './deployment.js'
import { build, makeStore, until } from './helper.js'
import { buildServer, ServerProcess } from './server-process.js'

const root = join(import.meta.dirname, '..')
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8')
const manifest: { engines: { node: string }, scripts: Record<string, string>, dependencies: Record<string, string> } = JSON.parse(read('package.json'))
const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const json = { 'content-type': 'application/json' }

/** Each gate of docs/quality-gates.md by the name that it has there. */
const gates: string[] = []
function gate (name: string, check: (t: Test) => Promise<void>): void {
  gates.push(name)
  t.test(name, check)
}

const file = await buildServer(t)

gate('R3: a prediction beyond the latency budget of its model is a warning', async (t) => {
  const store = await makeStore(t, { slow: { zoo: 'slow', config: { latency_budget_ms: 1 } }, iris: { example: 'iris', config: { latency_budget_ms: 3_600_000 } } })
  const server = new ServerProcess(t, file, { MODEL_STORE: store })
  const address = await server.ready()
  const ask = async (model: string, body: object) => await (await fetch(`${address}/models/${model}/predict`, { method: 'POST', headers: json, body: JSON.stringify(body) })).json()
  await ask('iris', setosa)
  await ask('slow', { features: [1, 2, 3, 4] })
  await until(() => server.log.some(({ model, ms }) => model === 'slow' && ms !== undefined))
  t.match(server.log.filter(({ msg }) => msg === 'slow request'), [{ level: 40, model: 'slow', budget_ms: 1, ms: Number, queue_ms: Number, inference_ms: Number, request_id: String }])
  t.ok(server.log.some(({ msg, model, level }) => msg === 'request' && model === 'iris' && level === 30))
})

gate('R14: a Node that is too old is refused in one line', async (t) => {
  t.match(explainVersion('20.20.2'), `needs ${manifest.engines.node.replace('>=', '')}`)
  t.equal(explainVersion(process.versions.node), undefined)
})

gate('R26: what npm start and the container run is the build, without watch or inspector, and DEBUG shows no stack', async (t) => {
  t.equal(manifest.scripts.start, 'exec node --max-semi-space-size=8 dist/server.js || node --max-semi-space-size=8 dist/server.js')
  t.match(read('Containerfile'), '\nCMD ["node", "--max-semi-space-size=8", "dist/server.js"]\n')
  const started = [manifest.scripts.prestart, manifest.scripts.build, read('build.js'), read('Containerfile'), read('docker-compose.yml'), read('docker-compose-production.yml'), read('variables-production.env')].join('\n')
  t.notMatch(started, /--watch|--inspect|NODE_OPTIONS|nodemon|strip-types/)
  const app = await build(t, { DEBUG: true, MODEL_STORE: await makeStore(t, { failing: { zoo: 'fails-on-13' } }) })
  for (const [url, payload] of [['/predict', { features: [13] }], ['/v2/models/failing/infer', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [13] }] }], ['/predict', '{'], ['/nothing', {}]] as const) {
    const answer = await app.inject({ method: 'POST', url, payload, headers: json })
    t.ok(answer.statusCode >= 400, url)
    t.notMatch(answer.body, /\.[jt]s\b|node_modules|\bat .*:\d+|stack/i, url)
  }
})

gate('R27: concurrent answers on several threads are those of one request after the other', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris', config: { instances: 2 } } })
  const app = await build(t, { MODEL_STORE: store, WORKERS: '2' })
  const rows = Array.from({ length: 100 }, (_, index) => ({ sepal_length: 4 + index / 30, sepal_width: 2 + index % 7 / 3, petal_length: 1 + index / 20, petal_width: 0.1 + index % 11 / 5 }))
  const ask = async (payload: object) => {
    const { request_id: _id, ...answer } = (await app.inject({ method: 'POST', url: '/models/iris/predict', payload })).json()
    return answer
  }
  const alone: Awaited<ReturnType<typeof ask>>[] = []
  for (const row of rows) alone.push(await ask(row))
  t.equal(new Set(alone.map(({ predicted_class: name }) => name)).size, 3, 'the rows are of every class')
  const together = await Promise.all(rows.map(ask))
  together.forEach(({ probabilities, confidence, ...answer }, index) => {
    const { probabilities: expected, confidence: _confidence, ...rest } = alone[index]
    t.same(answer, rest)
    for (const [name, share] of Object.entries<number>(expected)) t.ok(Math.abs(probabilities[name] - share) <= 1e-6)
  })
})

gate('R28: a failure is a 500 that says nothing of the inside, and the log has its stack under the same request id', async (t) => {
  const store = await makeStore(t, { failing: { zoo: 'fails-on-13' } })
  const server = new ServerProcess(t, file, { MODEL_STORE: store, DEBUG: 1 })
  const answer = await fetch(`${await server.ready()}/predict`, { method: 'POST', headers: { ...json, 'x-request-id': 'mine' }, body: '{"features":[13]}' })
  const text = await answer.text()
  t.equal(answer.status, 500)
  t.same(JSON.parse(text), { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: "Model 'failing' failed to run", code: 'INFERENCE_FAILED', request_id: 'mine', errors: [] })
  await until(() => server.log.some(({ level, request_id: id }) => level === 50 && id === 'mine'))
  t.match(server.log.filter(({ level }) => level === 50), [{ request_id: 'mine', err: { stack: /\n\s+at .*\.[jt]s:\d+/ } }])
})

gate('R29: every answer is strict JSON, and only the Open Inference Protocol knows NaN and infinities', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t, { odd: { zoo: 'not-finite' } }) })
  const { rows }: { rows: (number | string)[][] } = JSON.parse(read('test/fixtures/zoo/not-finite/expected.json'))
  const statuses = []
  for (const features of rows) {
    const answer = await app.inject({ method: 'POST', url: '/predict', payload: { features } })
    statuses.push(answer.statusCode)
    t.doesNotThrow(() => JSON.parse(answer.body))
    t.notMatch(answer.body, /NaN|Infinity/)
    if (answer.statusCode === 200) t.ok(JSON.stringify(answer.json().prediction).match(/\d/))
    else t.equal(answer.json().code, 'NON_FINITE_PREDICTION')
  }
  t.same(statuses, [200, 200, 500, 500])
  for (const value of ['NaN', 'Infinity', '-Infinity', '1e400']) {
    const answer = await app.inject({ method: 'POST', url: '/predict', payload: `{"features":[${value},1]}`, headers: json })
    t.equal(answer.statusCode, 400, value)
  }
  const infer = async (value: string) => await app.inject({ method: 'POST', url: '/v2/models/odd/infer', payload: `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[${value}]}]}` })
  for (const value of ['NaN', 'null', 'Infinity']) t.strictSame((await infer(value)).json().outputs?.[0].data, [null], value)
  for (const value of ['1e39', '1e400']) t.equal((await infer(value)).statusCode, 400, value)
})

gate('R34: threads are replaced at a limit of memory and no request fails, and the deployments bound the rest and start the server again', async (t) => {
  const app = await build(t, { MODEL_STORE: await makeStore(t, { iris: { example: 'iris' }, apart: { example: 'iris', config: { dedicated: true } } }), WORKERS: '1', MEMORY_LIMIT_MB: 1 })
  const answers = new Set<string>()
  do {
    for (const model of ['iris', 'apart']) {
      const answer = await app.inject({ method: 'POST', url: `/models/${model}/predict`, payload: setosa })
      const { prediction, probabilities } = answer.json()
      answers.add(JSON.stringify([answer.statusCode, prediction, probabilities]))
    }
  } while (app.inference.recycledThreads === 0)
  t.equal(answers.size, 1, [...answers].join())
  t.match((await app.inject('/metrics')).body, /\nmodel_server_threads_recycled_total 1\n/)

  const compose = read('docker-compose-production.yml').split('\n  nginx:')[0]
  t.match(compose, /limits:\n(.*\n)*? +memory: \d+[MG]/)
  t.match(compose, 'restart: always')
  t.match(read('deploy/kubernetes.yaml'), /limits:\n(.*\n)*? +memory: \d+[MG]i/)
})

gate('R35: no request, body or prediction is kept once it is answered', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const app = await build(t, { MODEL_PATH: 'model-store/iris', TRACE: true, SERVER_TIMING: true })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const seen: WeakRef<object>[] = []
  const model = app.models.get()
  const { read, predict } = model
  model.read = (body, ...rest) => {
    if (typeof body === 'object' && body !== null) seen.push(new WeakRef(body))
    return read.call(model, body, ...rest)
  }
  model.predict = async (...task) => {
    const predictions = await predict.apply(model, task)
    seen.push(new WeakRef(predictions), new WeakRef(task[0]))
    return predictions
  }
  app.server.on('request', (request, response) => { seen.push(new WeakRef(request), new WeakRef(response)) })
  const count = 100
  for (let index = 0; index < count; index++) {
    const wrong = index % 10 === 0
    await (await fetch(`${address}/predict`, { method: 'POST', headers: { ...json, 'x-request-id': `r-${index}` }, body: JSON.stringify(wrong ? { sepal_length: index } : setosa) })).text()
  }
  t.ok(seen.length >= 4 * count)
  const kept = () => seen.filter((reference) => reference.deref() !== undefined).length
  // An open connection holds what it carried last.
  // Each look is in a turn of its own: what was looked at cannot be collected in the same one.
  await until(() => {
    collect()
    return kept() <= count / 10
  })
  t.ok(kept() <= count / 10, `${kept()} of ${seen.length} are kept`)
})

gate('R44: a body without the features of the model is a 400 that names each, and runs nothing', async (t) => {
  const app = await build(t, { MODEL_PATH: 'model-store/iris' })
  const runs = async () => (await app.inject('/v2/models/iris/stats')).json().model_stats[0].execution_count
  const before = await runs()
  for (const [payload, paths] of [
    [{}, ['/sepal_length', '/sepal_width', '/petal_length', '/petal_width']],
    [{ ...setosa, petal_width: null }, ['/petal_width']],
    [{ ...setosa, petal_width: '0.2' }, ['/petal_width']],
    [[setosa, { ...setosa, sepal_width: undefined }], ['/1/sepal_width']]
  ] as const) {
    const answer = await app.inject({ method: 'POST', url: '/predict', payload })
    t.equal(answer.statusCode, 400)
    t.same(answer.json().errors.map(({ path }: { path: string }) => path), paths)
  }
  t.equal(await runs(), before)
  await app.inject({ method: 'POST', url: '/predict', payload: setosa })
  t.not(await runs(), before, 'what is counted are runs')
})

gate('R45: the build has one entry that listens, and nothing that is there for development', async (t) => {
  const dist = buildProject(copyProject(t))
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js')).map((name) => name.replaceAll('\\', '/'))
  const sources = new Map(files.map((name) => [name, readFileSync(join(dist, name), 'utf8')]))
  const imported = [...sources].flatMap(([name, source]) => [...source.matchAll(/(?:from|import|import\.meta\.resolve\(|import\()\s*'([^'\s]+)'/g)].map(([, target = '']) => ({ name, target })))
  const inner = new Set(imported.filter(({ target }) => target.startsWith('.')).map(({ name, target }) => normalize(join(dirname(name), target)).replaceAll('\\', '/')))
  const packages = new Set(imported.flatMap(({ target }) => /^(?!node:|\.)(@[^/]+\/[^/]+|[^/]+)/.exec(target)?.[1] ?? []))
  const entries = files.filter((name) => !inner.has(name) && !/^export \{\};\s*(\/\/#.*)?\s*$/.test(sources.get(name) ?? ''))
  t.same(entries.sort(), ['check.js', 'compare.js', 'init.js', 'routes/home/page.js', 'server.js'], 'everything else is part of one of these')
  t.match(readFileSync(join(dist, 'routes/home/page.html'), 'utf8'), 'src="home/page.js"', 'which a browser runs, not the server')
  t.same([...sources].filter(([, source]) => /\bapp\.listen\(/.test(source)).map(([name]) => name), ['server.js'])
  t.same([...packages].filter((name) => !Object.hasOwn(manifest.dependencies, name)), [], 'and needs no development dependency')
  t.same(files.filter((name) => /^(test|bench)\//.test(name)), [])
  t.notMatch([...sources.values()].join('\n'), /node:inspector|debugger;/)
})

gate('R46: tensors of every numeric type become JSON numbers, and what a number cannot hold a string', async (t) => {
  const names = ['float16', 'float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'bool']
  const app = await build(t, { MODEL_STORE: await makeStore(t, Object.fromEntries(names.map((name) => [name, { zoo: `identity-${name}` }]))) })
  const ask = async (name: string, features: unknown[]) => (await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: { features } })).json().prediction
  for (const name of names) {
    const values = name === 'bool' ? [true, false] : [1, 100]
    t.strictSame(Object.values(await ask(name, values)), [values], name)
  }
  t.strictSame(Object.values(await ask('float64', [0.1, -1e300])), [[0.1, -1e300]])
  t.strictSame(Object.values(await ask('int64', [2 ** 53 - 1, '9223372036854775807'])), [[9007199254740991, '9223372036854775807']])
  t.strictSame(Object.values(await ask('uint64', [0, '18446744073709551615'])), [[0, '18446744073709551615']])
})

gate('R49: each gate of docs/quality-gates.md has the test of its name, and each test its gate', async (t) => {
  const listed = [...read('docs/quality-gates.md').matchAll(/^- \[x\] \*\*(.+)\*\*/gm)].map(([, name]) => name)
  t.same(listed, gates)
})
