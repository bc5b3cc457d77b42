import type { InjectOptions } from 'fastify'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import errors from '../../../plugins/errors/index.js'

async function build (t: Test) {
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  t.teardown(() => app.close())
  await app.register(errors)
  app.get('/', async () => 'root')
  app.post('/json', async ({ body }) => body)
  app.delete('/json', async () => 'gone')
  app.get('/v1/models/:model', async () => 'model')
  app.post('/v1/models/:model([^:]+)::predict', async () => 'predicted')
  app.refuseOtherMethods()
  // The types know the methods of Fastify only.
  return { app, ask: (method: string, url: string) => app.inject({ method, url } as InjectOptions) }
}

t.test('a method that a path lacks is a 405 that names those it has', async (t) => {
  const { app } = await build(t)
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS'] as const) {
    const answer = await app.inject({ method, url: '/json', ...(method === 'PUT' && { payload: '{', headers: { 'content-type': 'application/json' } }) })
    t.same([answer.statusCode, answer.headers.allow], [405, 'POST, DELETE'], method)
    if (method !== 'HEAD') t.match(answer.json(), { code: 'METHOD_NOT_ALLOWED', detail: `${method} is not allowed here, only POST, DELETE` })
  }
  t.equal((await app.inject({ method: 'POST', url: '/' })).headers.allow, 'GET, HEAD')
})

t.test('so is a method that has no routes at all', async (t) => {
  const { ask } = await build(t)
  for (const method of ['PROPFIND', 'LOCK', 'QUERY', 'SEARCH', 'M-SEARCH']) {
    for (const url of ['/json', '/json/', '/json?a=1']) {
      const answer = await ask(method, url)
      t.same([answer.statusCode, answer.headers.allow], [405, 'POST, DELETE'], `${method} ${url}`)
      t.match(answer.json(), { code: 'METHOD_NOT_ALLOWED', detail: `${method} is not allowed here, only POST, DELETE` })
    }
    const plain = await ask(method, '/v1/models/iris:predict')
    t.same([plain.statusCode, plain.headers.allow], [405, 'POST'])
    t.same(plain.json(), { error: `${method} is not allowed here, only POST` })
    t.equal((await ask(method, '/v1/models/iris')).headers.allow, 'GET, HEAD')
    const unknown = await ask(method, '/nothing')
    t.same([unknown.statusCode, unknown.headers.allow, unknown.json().code], [404, undefined, 'NOT_FOUND'])
  }
})
