import t from 'tap'
import Fastify from 'fastify'
import { ConfigError, loadConfig } from '../../config.js'
import cors from '../../plugins/cors.js'
import { create } from '../helper.js'

const settings = { WORKERS: '1', MODEL_PATH: 'model-store/iris' }
const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }

t.test('without CORS_ORIGIN browsers are told nothing', async (t) => {
  const app = await create(t, settings)
  const answer = await app.inject({ url: '/livez', headers: { origin: 'https://shop.example' } })
  t.notOk('access-control-allow-origin' in answer.headers)
})

t.test('listed origins may call, others may not', async (t) => {
  const app = await create(t, { ...settings, CORS_ORIGIN: 'https://shop.example, https://lab.example' })
  const allowed = await app.inject({ method: 'OPTIONS', url: '/predict', headers: preflight })
  t.equal(allowed.statusCode, 204)
  t.equal(allowed.headers['access-control-allow-origin'], 'https://shop.example')
  t.match(allowed.headers['access-control-allow-methods'], 'POST')
  t.equal(allowed.headers['access-control-allow-headers'], 'content-type')

  const refused = await app.inject({ method: 'OPTIONS', url: '/predict', headers: { ...preflight, origin: 'https://other.example' } })
  t.notOk('access-control-allow-origin' in refused.headers)
  const simple = await app.inject({ url: '/livez', headers: { origin: 'https://lab.example' } })
  t.equal(simple.headers['access-control-allow-origin'], 'https://lab.example')
  t.match(simple.headers['access-control-expose-headers'], 'X-Request-Id')
})

t.test('* opens the server to every origin, and wrong paths and methods stay what they were', async (t) => {
  const app = await create(t, { ...settings, CORS_ORIGIN: '*' })
  t.equal((await app.inject({ url: '/livez', headers: { origin: 'https://any.example' } })).headers['access-control-allow-origin'], '*')
  const wrongMethod = await app.inject({ method: 'PUT', url: '/predict' })
  t.equal(wrongMethod.statusCode, 405)
  t.equal(wrongMethod.headers.allow, 'POST')
  t.equal(wrongMethod.headers['access-control-allow-origin'], '*')
  for (const method of ['GET', 'POST', 'DELETE'] as const) t.equal((await app.inject({ method, url: '/nowhere' })).statusCode, 404, method)
  t.equal((await app.inject({ method: 'OPTIONS', url: '/predict' })).statusCode, 204)
})

t.test('what no browser would send as its origin ends the start', async (t) => {
  const register = async (CORS_ORIGIN: string) => {
    const app = Fastify()
    app.decorate('config', { ...loadConfig({}), CORS_ORIGIN })
    await app.register(cors)
  }
  for (const origin of [
    'nonsense', 'shop.example', '', 'https://shop.example/', 'https://shop.example:443', 'https://Shop.example', 'https://*.shop.example',
    'https://a.example https://b.example', 'app://a/b', 'null'
  ]) {
    const message = `CORS_ORIGIN must be *, or origins such as https://app.example.com separated by commas, got ${JSON.stringify(origin)}`
    for (const setting of [origin, ` ${origin} `, `https://lab.example, ${origin}`, `*,${origin}`]) await t.rejects(register(setting), { constructor: ConfigError, message }, setting)
  }
  for (const setting of ['http://localhost:3000', 'https://[::1]:8443', 'capacitor://localhost', 'https://a.example, *']) await t.resolves(register(setting), setting)
})
