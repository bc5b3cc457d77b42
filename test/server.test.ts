import { once } from 'node:events'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { addModel, makeStore, until } from './helper.js'
import { buildServer, ServerProcess } from './server-process.js'

const file = await buildServer(t)
const setosa = '{"sepal_length":5.1,"sepal_width":3.5,"petal_length":1.4,"petal_width":0.2}'
const json = { 'content-type': 'application/json' }

function slowRows (count: number): string {
  return JSON.stringify({ instances: Array.from({ length: count }, () => [1, 2, 3, 4]) })
}

function open (address: string): Socket {
  const { hostname, port } = new URL(address)
  return connect(Number(port), hostname)
}

async function read (answer: Response) {
  return JSON.parse(await answer.text())
}

async function answerOf (request: ClientRequest): Promise<{ status: number | undefined, headers: IncomingMessage['headers'], body: string }> {
  const [response]: IncomingMessage[] = await once(request, 'response')
  return { status: response?.statusCode, headers: response?.headers ?? {}, body: response === undefined ? '' : await text(response) }
}

t.test('a start that cannot work ends at once with one line', async (t) => {
  const store = await makeStore(t)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  writeFileSync(join(store, 'model.pkl'), 'pickle')
  writeFileSync(join(store, 'bad.json'), '{"PORT": 80,\n')
  writeFileSync(join(store, 'odd.json'), '{"PROT": 80}')
  const cases: [Record<string, string | number>, RegExp][] = [
    [{ PORT: 'abc' }, /^PORT must be an integer from 0 to 65535, got "abc"$/],
    [{ PORT: 70000 }, /^PORT must be an integer from 0 to 65535, got "70000"$/],
    [{ PORT: port }, new RegExp(`^Port ${port} is already in use; set PORT`)],
    [{ GRPC_PORT: port }, new RegExp(`^Port ${port} is already in use; set GRPC_PORT`)],
    [{ HOST: '8.8.8.8' }, /^Cannot listen on 8\.8\.8\.8:0 \(EADDRNOTAVAIL\); set HOST and PORT/],
    [{ HOST: '256.1.1.1' }, /^HOST is no address of this machine: 256\.1\.1\.1$/],
    [{ HOST: '999.1.1.1', GRPC_PORT: 0 }, /^HOST is no address of this machine: 999\.1\.1\.1$/],
    [{ HOST: 'no host' }, /^HOST is no address of this machine: no host$/],
    [{ MODEL_STORE: '/nonexistent' }, /^MODEL_STORE: there is no folder \/nonexistent$/],
    [{ MODEL_STORE: 'package.json' }, /^MODEL_STORE: .*package\.json is not a folder$/],
    [{ MODEL_PATH: '/nonexistent' }, /^MODEL_PATH: there is nothing at \/nonexistent$/],
    [{ MODEL_PATH: join(store, 'model.pkl') }, /^MODEL_PATH: .*model\.pkl is not an ONNX file .*docs\/exporting\.md/],
    [{ DEFAULT_MODEL: 'nope' }, /^DEFAULT_MODEL names 'nope', .* it holds breast-cancer, diabetes, iris/],
    [{ MODEL_NAME: 'nope' }, /^DEFAULT_MODEL names 'nope'/],
    [{ WORKERS: 'many' }, /^WORKERS must be a number from 1 to 999, auto or auto2n1/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, got "loud"$/],
    [{ WATCH: 'maybe' }, /^WATCH must be true or false, got "maybe"$/],
    [{ PORT: ' ' }, /^PORT must be an integer from 0 to 65535, got " "$/],
    [{ PORT: 7, GRPC_PORT: 7 }, /^GRPC_PORT must be another port than PORT, got 7 for both$/],
    [{ INPUT_SCHEMA: '[]' }, /^INPUT_SCHEMA must be a JSON object/],
    [{ INPUT_SCHEMA: '{}' }, /^INPUT_SCHEMA must be a JSON object/],
    [{ INPUT_SCHEMA: '{"a":"money"}' }, /^INPUT_SCHEMA: a: 'money' is no type; it is one of int, float, str, bool$/],
    [{ CORS_ORIGIN: 'shop.example' }, /^CORS_ORIGIN must be \*, or origins such as .*, got "shop\.example"$/],
    [{ CONFIG_FILE: join(store, 'none.json') }, /^CONFIG_FILE: .*none\.json cannot be read/],
    [{ CONFIG_FILE: join(store, 'bad.json') }, /bad\.json is not valid JSON/],
    [{ CONFIG_FILE: join(store, 'odd.json') }, /odd\.json: there is no setting PROT$/]
  ]
  // A few at a time: each is a process.
  const queue = cases.values()
  await Promise.all(Array.from({ length: 3 }, async () => {
    for (const [settings, line] of queue) {
      const server = new ServerProcess(t, file, settings)
      const name = JSON.stringify(settings).replace(store, '')
      t.equal(await server.exited(), 1, name)
      t.match(server.stderr, /^[^\n]+\n$/, `${name} is one line`)
      t.match(server.stderr.trim(), line, name)
      t.same(server.log.filter(({ level }) => level >= 40), [], `${name}: nothing else complains`)
    }
  }))
})

t.test('a server in service', async (t) => {
  const store = await makeStore(t, { iris: { example: 'iris' } })
  const server = new ServerProcess(t, file, { MODEL_STORE: store, DEFAULT_MODEL: 'iris', POOL_PARSE_BYTES: 4096, GRPC_PORT: 0 })
  const address = await server.ready()
  const post = async (path: string, body: string | Buffer, headers: Record<string, string> = json) => await fetch(`${address}${path}`, { method: 'POST', body, headers })

  await t.test('it starts without a complaint', async (t) => {
    t.equal(server.stderr, '', 'no warning of a deprecation, nothing at all')
    t.same(server.log.filter(({ level }) => level >= 40), [])
  })

  await t.test('one connection carries many requests, errors among them', async (t) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => agent.destroy())
    const sockets = new Set<number | undefined>()
    const bodies: [string, number][] = [[setosa, 200], ['{', 400], [setosa, 200], ['{}', 400], [setosa, 200]]
    for (const [body, status] of bodies) {
      const request = httpRequest(`${address}/predict`, { agent, method: 'POST', headers: json })
      request.on('socket', (socket) => sockets.add(socket.localPort))
      request.end(body)
      t.equal((await answerOf(request)).status, status)
      sockets.add(request.socket?.localPort)
    }
    sockets.delete(undefined)
    t.equal(sockets.size, 1)
  })

  await t.test('a body may come in chunks, also a big one', async (t) => {
    for (const size of [1, 200]) {
      const request = httpRequest(`${address}/predict`, { method: 'POST', headers: json })
      request.flushHeaders()
      const body = JSON.stringify(Array(size).fill(JSON.parse(setosa)))
      request.write(body.slice(0, 30))
      await delay(10)
      request.write(body.slice(30, 60))
      request.end(body.slice(60))
      const answer = await answerOf(request)
      t.equal(answer.status, 200)
      t.equal(JSON.parse(answer.body).prediction.length, size)
    }
  })

  await t.test('the id of a request stands in header, body and log', async (t) => {
    for (const [headers, id] of [[{ 'x-request-id': 'mine-1' }, 'mine-1'], [{ 'x-correlation-id': 'mine:2' }, 'mine:2'], [{ 'x-request-id': 'two words', 'x-correlation-id': 'mine.3' }, 'mine.3'], [{ 'x-request-id': 'two words' }, undefined]] as const) {
      for (const body of [setosa, '{}']) {
        const answer = await post('/predict', body, { ...json, ...headers })
        const told = answer.headers.get('x-request-id')
        t.equal(told, (await read(answer)).request_id)
        if (id === undefined) t.match(told, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        else t.equal(told, id)
        await until(() => server.log.some((line) => line.request_id === told && line.url === '/predict'))
      }
    }
    t.notMatch(JSON.stringify(server.log), 'sepal_length', 'no value of a body is in the log')
  })

  await t.test('who speaks no HTTP gets an answer and is let go', async (t) => {
    for (const [sent, status, code] of [
      ['nonsense\r\n\r\n', 400, 'INVALID_HTTP'],
      ['POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n', 400, 'INVALID_HTTP'],
      [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE']
    ] as const) {
      const socket = open(address)
      socket.write(sent)
      const answer = await text(socket)
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `))
      t.match(head, /\r\nContent-Type: application\/problem\+json\r\n/)
      t.match(JSON.parse(body), { type: 'about:blank', status, code, errors: [] })
    }
    t.equal((await post('/predict', setosa)).status, 200)
  })

  await t.test('a body beyond the limit is refused before it is sent', async (t) => {
    const request = httpRequest(`${address}/predict`, { method: 'POST', headers: { ...json, 'content-length': 1e9 } })
    request.on('error', () => {})
    request.flushHeaders()
    const { status, body } = await answerOf(request)
    t.same([status, JSON.parse(body).code], [413, 'PAYLOAD_TOO_LARGE'])
    request.destroy()
  })

  await t.test('HEAD answers like GET, without a body', async (t) => {
    for (const path of ['/health', '/ready', '/models', '/models/iris', '/openapi.json', '/metrics']) {
      const answer = await fetch(`${address}${path}`, { method: 'HEAD' })
      t.equal(answer.status, 200, path)
      t.equal(await answer.text(), '', path)
    }
    t.equal((await fetch(`${address}/predict`, { method: 'HEAD' })).status, 405)
  })

  t.equal(await server.stop(), 0)
  t.equal(server.stderr, '')
})

t.test('what a client that has gone was waiting for is not run', async (t) => {
  const store = await makeStore(t, { stuck: { zoo: 'stuck' }, iris: { example: 'iris', config: { queue: { timeout_ms: 3_600_000 } } } })
  const server = new ServerProcess(t, file, { MODEL_STORE: store, WORKERS: 1, RUN_LIMIT_MS: 3_600_000, REQUEST_TIMEOUT_MS: 3_600_000 })
  const address = await server.ready()
  const metric = async (series: string) => (await (await fetch(`${address}/metrics`)).text()).split('\n').find((line) => line.startsWith(`${series} `))?.split(' ')[1]
  const ask = (model: string, body: string) => {
    const request = httpRequest(`${address}/models/${model}/predict`, { method: 'POST', headers: json })
    request.on('error', () => {}).end(body)
    return request
  }
  // It keeps the only thread until the process is killed.
  ask('stuck', '{"n":1000000000}')
  await until(async () => await metric('model_server_running_requests{model="stuck",version="1"}') === '1')
  const gone = Array.from({ length: 5 }, () => ask('iris', setosa))
  await until(async () => await metric('model_server_queue_rows{model="iris",version="1"}') === '5')
  for (const request of gone) request.destroy()
  await until(async () => await metric('model_server_queue_rows{model="iris",version="1"}') === '0')
  t.equal(await metric('model_server_requests_total{model="iris",version="1",outcome="client_gone"}'), '5')
  t.equal(await metric('model_server_runs_total{model="iris",version="1"}'), '0')
  t.equal(await server.stop('SIGKILL'), 'SIGKILL')
})

t.test('a signal in the middle of requests', async (t) => {
  const store = await makeStore(t, { slow: { zoo: 'slow', config: { batching: { max_rows: 1 }, queue: { timeout_ms: 60_000 } } } })
  await Promise.all((['SIGTERM', 'SIGINT'] as const).map(async (signal) => {
    const running = new ServerProcess(t, file, { MODEL_STORE: store, DRAIN_DELAY_MS: 5000, SHUTDOWN_TIMEOUT_MS: 60_000 })
    const address = await running.ready()
    const slow = async () => await fetch(`${address}/models/slow/predict/batch`, { method: 'POST', body: slowRows(20), headers: json })
    const waiting = Array.from({ length: 8 }, slow)
    const ended = running.stop(signal)
    await until(async () => (await fetch(`${address}/ready`)).status === 503)
    const ready = await fetch(`${address}/readyz`, { headers: { accept: 'application/json' } })
    t.same([ready.status, ready.headers.get('retry-after'), await ready.json()], [503, '1', { ready: false, reason: 'the server is shutting down' }])
    t.equal((await fetch(`${address}/livez`)).status, 200, 'it is alive')
    const late = slow()
    for (const answer of await Promise.all([...waiting, late])) {
      t.equal(answer.status, 200)
      t.equal((await read(answer)).count, 20)
    }
    t.equal(await ended, 0, signal)
    t.equal(running.stderr, '')
    t.match(running.log.find(({ msg }) => msg.startsWith(`the server stops on ${signal}; `)), { level: 30, msg: /; \d+ connections are open$/ })
    t.match(running.log.at(-1), { level: 30, msg: 'the server has stopped' })
  }))
})

t.test('a connection that is kept alive does not hold up the end', async (t) => {
  const store = await makeStore(t, { slow: { zoo: 'slow' } })
  const server = new ServerProcess(t, file, { MODEL_STORE: store, DRAIN_DELAY_MS: 0, SHUTDOWN_TIMEOUT_MS: 3_600_000 })
  const address = await server.ready()
  const agent = new Agent({ keepAlive: true })
  const request = httpRequest(`${address}/predict/batch`, { agent, method: 'POST', headers: json }).end(slowRows(100))
  await until(async () => (await (await fetch(`${address}/metrics`)).text()).includes('\nmodel_server_running_requests{model="slow",version="1"} 1\n'))
  server.child.kill('SIGTERM')
  t.equal((await answerOf(request)).status, 200)
  t.equal(await server.exited(), 0)
  agent.destroy()
})

t.test('of a name with several addresses the first one listens, and all that is served there ends well', async (t) => {
  const store = await makeStore(t, { slow: { zoo: 'slow', config: { batching: { max_rows: 1 }, queue: { timeout_ms: 60_000 } } } })
  // Not every machine has two addresses for this name, and then this test could not fail.
  const twoAddresses = `data:text/javascript,${encodeURIComponent(`
    const dns = process.getBuiltinModule('node:dns')
    const { lookup } = dns
    const both = [{ address: '127.0.0.1', family: 4 }, { address: '127.0.0.2', family: 4 }]
    dns.lookup = (name, options, done) => name === 'localhost' && options.all ? done(null, both) : lookup(name, options, done)
  `)}`
  const server = new ServerProcess(t, file, { HOST: 'localhost', GRPC_PORT: 0, MODEL_STORE: store, DRAIN_DELAY_MS: 0, SHUTDOWN_TIMEOUT_MS: 60_000, NODE_OPTIONS: `--import=${twoAddresses}` })
  const address = await server.ready()
  const { hostname, port } = new URL(address)
  t.equal(hostname, '127.0.0.1')
  const listening = server.log.flatMap(({ msg }) => /erver listening at (?:http:\/\/)?(.+):\d+$/.exec(msg)?.[1] ?? [])
  t.same(listening, ['127.0.0.1', '127.0.0.1'], 'gRPC and HTTP')
  await t.rejects(fetch(`http://127.0.0.2:${port}/health`))

  const socket = open(address)
  socket.write('GET /health HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1\.1 417 .*"code":"EXPECTATION_FAILED"/s)

  const request = httpRequest(`${address}/models/slow/predict/batch`, { method: 'POST', headers: json, agent: false })
  const asked = answerOf(request.end(slowRows(20)))
  await until(async () => (await (await fetch(`${address}/metrics`)).text()).includes('\nmodel_server_running_requests{model="slow",version="1"} 1\n'))
  const ended = server.stop()
  const answer = await asked
  t.same([answer.status, JSON.parse(answer.body).count], [200, 20])
  t.equal(await ended, 0)
})

t.test('clients that say nothing, or never finish, do not hold up the end', async (t) => {
  const server = new ServerProcess(t, file, { DRAIN_DELAY_MS: 0, SHUTDOWN_TIMEOUT_MS: 1000 })
  const address = await server.ready()
  const silent = open(address)
  const header = open(address)
  const body = open(address)
  for (const socket of [silent, header, body]) socket.on('error', () => {})
  header.write('POST /predict HTTP/1.1\r\nhost: x\r\ncontent-ty')
  body.write('POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"sepal')
  await fetch(`${address}/health`)
  t.equal(await server.stop(), 0)
  t.equal(server.stderr, '')
})

t.test('a model that does not stop running holds up nobody once its request is answered', async (t) => {
  const store = await makeStore(t, { stuck: { zoo: 'stuck' }, iris: { example: 'iris' } })
  const start = async (settings: Record<string, string | number>, node?: string) => {
    const server = new ServerProcess(t, file, { MODEL_STORE: store, DRAIN_DELAY_MS: 0, SHUTDOWN_TIMEOUT_MS: 3_600_000, RUN_LIMIT_MS: 3_600_000, ...settings }, node)
    const address = await server.ready()
    const metric = async (line: string) => (await (await fetch(`${address}/metrics`)).text()).includes(`\n${line}\n`)
    const ask = (signal?: AbortSignal) => fetch(`${address}/models/stuck/predict`, { method: 'POST', body: '{"n":1000000000}', headers: json, ...(signal && { signal }) })
    return { server, address, metric, ask }
  }
  const ended = { level: 40, msg: 'the server has stopped; what a model still runs is for nobody and ends with the process' }

  await t.test('its run was given up', async (t) => {
    const { server, address, metric, ask } = await start({ RUN_LIMIT_MS: 2000 })
    const answer = await ask()
    t.same([answer.status, (await read(answer)).code], [504, 'RUN_LIMIT_EXCEEDED'])
    t.equal((await fetch(`${address}/models/iris/predict`, { method: 'POST', body: setosa, headers: json })).status, 200, 'the others serve')
    t.ok(await metric('model_server_threads_replaced_total 1'))
    t.ok(await metric('model_server_requests_total{model="stuck",version="1",outcome="run_limit_exceeded"} 1'))
    t.equal(await server.stop(), 0)
    t.match(server.log.at(-1), ended)
    t.equal(server.stderr, '')
  })

  await t.test('its client got a 504', async (t) => {
    const { server, ask } = await start({ REQUEST_TIMEOUT_MS: 1000 })
    t.equal((await ask()).status, 504)
    t.equal(await server.stop(), 0)
    t.match(server.log.at(-1), ended)
  })

  await t.test('its client has gone', async (t) => {
    const { server, metric, ask } = await start({})
    const client = new AbortController()
    const gone = ask(client.signal).catch(() => {})
    await until(() => metric('model_server_running_requests{model="stuck",version="1"} 1'))
    client.abort()
    await gone
    t.equal(await server.stop(), 0)
    t.match(server.log.at(-1), ended)
  })

  await t.test('the file of Node has changed meanwhile', async (t) => {
    const node = join(t.testdir(), 'node')
    const told = join(t.testdirName, 'told')
    for (const isReplaced of [true, false]) {
      copyFileSync(process.execPath, node)
      const { server, ask } = await start({ REQUEST_TIMEOUT_MS: 1000, LD_LIBRARY_PATH: '/nonexistent/lib' }, node)
      t.equal((await ask()).status, 504)
      rmSync(node)
      if (isReplaced) writeFileSync(node, `#!/bin/sh\nprintf %s "$LD_LIBRARY_PATH" > '${told}'\n`, { mode: 0o755 })
      t.equal(await server.stop(), isReplaced ? 0 : 'SIGKILL')
      if (isReplaced) t.equal(readFileSync(told, 'utf8'), '/nonexistent/lib', 'what becomes of the process finds its libraries')
      else t.match(server.log.at(-1), { level: 60, msg: 'a model does not stop running; the process is killed' })
    }
  })

  await t.test('but one that is not answered in time is killed with the process', async (t) => {
    const { server, metric, ask } = await start({ SHUTDOWN_TIMEOUT_MS: 500 })
    const cut = ask().catch(() => 'cut')
    await until(() => metric('model_server_running_requests{model="stuck",version="1"} 1'))
    t.equal(await server.stop(), 'SIGKILL')
    t.equal(await cut, 'cut')
    t.match(server.log.at(-1), { level: 60, msg: 'a model does not stop running; the process is killed' })
  })
})

t.test('a second signal ends it at once', async (t) => {
  const server = new ServerProcess(t, file, { DRAIN_DELAY_MS: 60_000 })
  await server.ready()
  server.child.kill('SIGTERM')
  await until(async () => (await fetch(`${await server.listening()}/ready`)).status === 503)
  // One that comes at once is taken for an echo of the first.
  await delay(500)
  t.equal(await server.stop('SIGTERM'), 'SIGKILL')
  await until(() => server.log.some(({ level, msg }) => level === 60 && msg === 'the server ends at once on a second SIGTERM'))
})

t.test('a signal to the whole group, which npm passes on once more, ends it in peace', async (t) => {
  const server = new ServerProcess(t, file, { DRAIN_DELAY_MS: 200 })
  await server.ready()
  server.child.kill('SIGINT')
  server.child.kill('SIGTERM')
  t.equal(await server.stop('SIGINT'), 0)
  t.match(server.log.at(-1), { msg: 'the server has stopped' })
})

t.test('an empty store is alive, not ready, and follows what is put into it', async (t) => {
  const store = await makeStore(t)
  const server = new ServerProcess(t, file, { MODEL_STORE: store, HEALTH_STYLE: 'json' })
  const address = await server.listening()
  await until(() => server.log.some(({ msg }) => msg.includes('is empty')))
  t.match(server.log.find(({ level }) => level === 40)?.msg, /the model store .* is empty: put a model into it as <name>\.onnx or <name>\/1\/model\.onnx/)
  t.same(await (await fetch(`${address}/health`)).json(), { status: 'healthy', model_loaded: false })
  t.same([(await fetch(`${address}/ready`)).status, await (await fetch(`${address}/ready`)).text()], [503, 'not ready'])
  const none = await fetch(`${address}/predict`, { method: 'POST', body: setosa, headers: json })
  t.same([none.status, (await read(none)).detail], [404, 'No model is the default one; the model store is empty'])

  await addModel(store, 'iris', { example: 'iris' })
  server.child.kill('SIGHUP')
  await server.ready()
  t.equal((await fetch(`${address}/predict`, { method: 'POST', body: setosa, headers: json })).status, 200)
  t.same(await (await fetch(`${address}/health`)).json(), { status: 'healthy', model_loaded: true })
  t.equal(await server.stop(), 0)
})

t.test('settings come from a file too, and the environment wins', async (t) => {
  const folder = await makeStore(t)
  writeFileSync(join(folder, 'server.json'), JSON.stringify({ DEFAULT_MODEL: 'diabetes', BATCH_MAX: 1, LOG_LEVEL: 'warn' }))
  const server = new ServerProcess(t, file, { CONFIG_FILE: join(folder, 'server.json'), LOG_LEVEL: 'info', BATCH_MAX: 2 })
  const address = await server.ready()
  const { detail } = await read(await fetch(`${address}/predict/batch`, { method: 'POST', body: '{"instances":[{},{},{}]}', headers: json }))
  t.equal(detail, 'Batch size cannot exceed 2')
  t.equal((await read(await fetch(`${address}/models/diabetes`))).default, true)
  t.equal(await server.stop(), 0)
})
