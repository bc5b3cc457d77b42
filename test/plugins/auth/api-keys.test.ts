import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t from 'tap'
import { buildApp } from '../../../app.js'
import { ConfigError, loadConfig, type Config } from '../../../config.js'
import apiKeys from '../../../plugins/auth/api-keys.js'
import errors from '../../../plugins/errors/index.js'
import { build, create, start } from '../../helper.js'

const first = 'key-of-the-first-client'
const second = 'key-of-the-second-client'
const admin = 'token-of-the-administrator'
const origin = 'https://shop.example'
const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const settings: Partial<Config> = { MODEL_PATH: 'model-store/iris', API_KEYS: `${first}, ${second}`, ADMIN_TOKEN: admin, REPOSITORY_CONTROL: true, CORS_ORIGIN: origin, WORKERS: '1' }

const open = ['/health', '/ready', '/livez', '/readyz', '/v2/health/live', '/v2/health/ready', '/', '/home/page.js', '/home/page.css', '/docs', '/docs/json', '/docs/static/swagger-ui.css', '/openapi.json']
const guarded: [method: 'GET' | 'POST', url: string, payload?: object][] = [
  ['GET', '/models'], ['GET', '/models/iris'], ['GET', '/service-info'], ['GET', '/info'], ['GET', '/features'], ['GET', '/metrics'], ['GET', '/metrics/prometheus'],
  ['POST', '/predict', setosa], ['POST', '/predict/batch', { instances: [setosa] }], ['POST', '/preprocess', setosa], ['POST', '/models/iris/predict', setosa],
  ['POST', '/models/iris/versions/1/predict/batch', { instances: [setosa] }],
  ['GET', '/v2'], ['GET', '/v2/models'], ['GET', '/v2/models/iris'], ['GET', '/v2/models/iris/ready'], ['GET', '/v2/models/iris/config'], ['GET', '/v2/models/stats'],
  ['POST', '/v2/models/iris/infer', { inputs: [{ name: 'float_input', datatype: 'FP32', shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] }] }],
  ['GET', '/v1/models'], ['GET', '/v1/models/iris'], ['POST', '/v1/models/iris:predict', { instances: [setosa] }]
]

t.test('with keys', async (t) => {
  const app = await build(t, settings)

  await t.test('probes and pages are open', async (t) => {
    for (const url of open) for (const method of ['GET', 'HEAD'] as const) t.equal((await app.inject({ method, url })).statusCode, 200, `${method} ${url}`)
  })

  await t.test('all else needs one, whichever and in either header', async (t) => {
    for (const [method, url, payload] of guarded) {
      const ask = async (headers: Record<string, string>) => await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
      for (const headers of [{}, { 'x-api-key': 'wrong' }, { 'x-api-key': '' }, { 'x-api-key': `${first}, ${second}` }, { authorization: first }, { authorization: `Basic ${first}` }, { authorization: `Bearer ${first}x` }]) {
        const { statusCode, headers: { 'www-authenticate': challenge, 'content-type': type }, body } = await ask(headers)
        const isPlain = /^\/v[12]/.test(url)
        t.same([statusCode, challenge, type], [401, 'Bearer', isPlain ? 'application/json' : 'application/problem+json'], `${url} ${JSON.stringify(headers)}`)
        if (isPlain) t.same(JSON.parse(body), { error: 'A valid API key is required' })
        else t.match(JSON.parse(body), { status: 401, code: 'UNAUTHORIZED', detail: 'A valid API key is required', errors: [] })
      }
      for (const headers of [{ authorization: `Bearer ${first}` }, { authorization: `bearer ${second}` }, { 'x-api-key': second }, { authorization: 'Bearer of-a-gateway', 'x-api-key': first }, { authorization: `Bearer ${admin}` }]) {
        t.equal((await ask(headers)).statusCode, 200, `${url} ${JSON.stringify(headers)}`)
      }
    }
  })

  await t.test('the repository needs the token, a key is not enough', async (t) => {
    const ask = async (headers: Record<string, string>) => (await app.inject({ method: 'POST', url: '/v2/repository/index', headers }))
    t.match((await ask({})).json(), { error: 'A valid API key is required' })
    for (const headers of [{ authorization: `Bearer ${first}` }, { 'x-api-key': first }, { 'x-api-key': admin }]) t.match((await ask(headers)).json(), { error: 'A valid bearer token is required' })
    for (const headers of [{ authorization: `Bearer ${admin}` }, { authorization: `Bearer ${admin}`, 'x-api-key': first }]) t.equal((await ask(headers)).statusCode, 200)
  })

  await t.test('a method that a route lacks is told to who has a key, a path that is none to all', async (t) => {
    t.equal((await app.inject('/predict')).statusCode, 401)
    t.equal((await app.inject({ url: '/predict', headers: { 'x-api-key': first } })).statusCode, 405)
    t.equal((await app.inject('/nothing')).statusCode, 404)
  })

  await t.test('browsers may ask whether they may ask, and read why not', async (t) => {
    const preflight = await app.inject({ method: 'OPTIONS', url: '/predict', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key' } })
    t.equal(preflight.statusCode, 204)
    t.equal(preflight.headers['access-control-allow-headers'], 'content-type,x-api-key')
    const refused = await app.inject({ method: 'POST', url: '/predict', headers: { origin }, payload: setosa })
    t.same([refused.statusCode, refused.headers['access-control-allow-origin']], [401, origin])
  })

  await t.test('the document tells which operations need what, and how it is sent', async (t) => {
    const { paths, components } = (await app.inject('/openapi.json')).json()
    t.match(components.securitySchemes, { BearerKey: { type: 'http', scheme: 'bearer' }, HeaderKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' }, AdminToken: { type: 'http', scheme: 'bearer' } })
    for (const [path, item] of Object.entries<Record<string, { security: object[], responses: Record<string, { $ref: string }> }>>(paths)) {
      for (const { security, responses } of Object.values(item)) {
        const expected = open.includes(path) ? [] : path.startsWith('/v2/repository/') ? [{ AdminToken: [] }] : [{ BearerKey: [] }, { HeaderKey: [] }]
        t.same(security, expected, path)
        const refusal = responses[401]?.$ref.split('/').at(-1)
        t.equal(refusal, open.includes(path) ? undefined : /^\/v[12]/.test(path) ? 'PlainUnauthorized' : 'Unauthorized', path)
        if (refusal !== undefined) t.ok(components.responses[refusal])
      }
    }
    for (const path of ['/predict', '/models/iris/predict', '/v2/models/{model}/infer', '/health']) t.ok(path in paths)
  })

  await t.test('who has none is refused before the body is sent', async (t) => {
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    for (const path of ['/predict', '/v2/models/iris/infer', '/v1/models/iris:predict']) {
      const request = httpRequest(`${address}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 1e6 } })
      request.on('error', () => {})
      request.flushHeaders()
      const [response]: IncomingMessage[] = await once(request, 'response')
      t.equal(response?.statusCode, 401, path)
      if (response !== undefined) t.match(await text(response), /API key/)
      request.destroy()
    }
  })
})

t.test('without keys nobody needs one, nothing runs for it, and the document does not speak of it', async (t) => {
  const app = await create(t, { MODEL_PATH: 'model-store/iris', WORKERS: '1' })
  t.equal(app.authorizeKey, null)
  t.equal((await app.inject({ url: '/models', headers: { authorization: 'Bearer x' } })).statusCode, 200)
  const { paths, components } = (await app.inject('/openapi.json')).json()
  t.notMatch(JSON.stringify([paths, components.responses]), /"security"|Unauthorized/)
  t.notOk(components.securitySchemes?.BearerKey ?? components.securitySchemes?.HeaderKey)
})

t.test('keys that nobody could send end the start, and are not repeated', async (t) => {
  const register = async (API_KEYS: string, ADMIN_TOKEN?: string) => {
    const lines: string[] = []
    const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => lines.push(JSON.parse(line).msg) } } })
    app.decorate('config', { ...loadConfig({}), API_KEYS, ...(ADMIN_TOKEN !== undefined && { ADMIN_TOKEN }) })
    await app.register(errors)
    await app.register(apiKeys)
    await app.close()
    return lines
  }
  for (const [keys, message] of [
    [' ', 'API_KEYS: key 1 is empty'],
    [',', 'API_KEYS: key 1 is empty'],
    [`${first},`, 'API_KEYS: key 2 is empty'],
    [`${first},,${second}`, 'API_KEYS: key 2 is empty'],
    [`${first} ${second}`, 'API_KEYS: key 1 must consist of visible ASCII characters, without blanks'],
    [`${first},schlüssel-des-zweiten`, 'API_KEYS: key 2 must consist of visible ASCII characters, without blanks']
  ] as const) await t.rejects(register(keys), { constructor: ConfigError, message }, keys)
  await t.rejects(register(`${first},${admin}`, admin), { constructor: ConfigError, message: 'API_KEYS: key 2 is ADMIN_TOKEN, which not every client may have' })
  t.same(await register(`${first} , ${second}`, admin), [])
  t.same(await register(`${first},short`), ['API_KEYS: key 2 has fewer than 16 characters and can be guessed'])
})

t.test('the log says who was refused and holds no key', async (t) => {
  const lines: string[] = []
  const app = await buildApp({ ...loadConfig({}), ...settings, LOG_LEVEL: 'trace', MAX_EVENT_LOOP_DELAY_MS: 0 }, { write: (line) => lines.push(line) })
  t.teardown(() => app.close())
  await start(app)
  for (const value of [first, admin, 'guess-of-a-stranger']) {
    for (const headers of [{ 'x-api-key': value }, { authorization: `Bearer ${value}` }]) await app.inject({ method: 'POST', url: '/predict', headers, payload: '{"sepal_length":' })
  }
  t.equal(lines.map((line) => JSON.parse(line)).filter(({ status, url }) => status === 401 && url === '/predict').length, 2)
  t.notMatch(lines.join(''), new RegExp([first, second, admin, 'guess-of'].join('|')))
})
