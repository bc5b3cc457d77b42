import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import Fastify from 'fastify'
import t from 'tap'
import { loadConfig } from '../../../config.js'
import bodies from '../../../plugins/bodies/index.js'
import errors from '../../../plugins/errors/index.js'

t.test('a small body is parsed, a big one stays bytes for a thread to read', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorate('config', { ...loadConfig({}), POOL_PARSE_BYTES: 20, BODY_LIMIT: 1024 })
  await app.register(errors)
  await app.register(bodies)
  const seen: unknown[] = []
  app.post('/', async ({ body }) => {
    seen.push(body)
    return seen.length
  })
  const post = async (payload: string | Buffer, headers = {}) => await app.inject({ method: 'POST', url: '/', payload, headers: { 'content-type': 'application/json', ...headers } })

  const small = '{"a":[1,"\u00e9"]}'
  const big = `{"a":"${'x'.repeat(30)}"}`
  await post(small)
  await post(big)
  await post(gzipSync(small), { 'content-encoding': 'gzip' })
  await post(gzipSync(big), { 'content-encoding': 'x-gzip' })
  t.same(seen, [{ a: [1, 'é'] }, Buffer.from(big), { a: [1, 'é'] }, Buffer.from(big)])
  t.ok(seen[1] instanceof Uint8Array && seen[3] instanceof Uint8Array)

  for (const [payload, headers, status, code] of [
    ['{', {}, 400, 'INVALID_JSON'],
    ['', {}, 400, 'INVALID_JSON'],
    ['{"__proto__":1}', {}, 400, 'INVALID_JSON'],
    [gzipSync(small).subarray(0, 15), { 'content-encoding': 'gzip' }, 400, 'CORRUPT_BODY'],
    [gzipSync('a'.repeat(1025)), { 'content-encoding': 'gzip' }, 413, 'PAYLOAD_TOO_LARGE'],
    [small, { 'content-encoding': 'zstd' }, 415, 'UNSUPPORTED_ENCODING'],
    [small, { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE']
  ] as const) {
    const answer = await post(payload, headers)
    t.same([answer.statusCode, answer.json().code], [status, code], code)
  }
  t.equal(seen.length, 4, 'none of these came through')
})

t.test('what follows a compressed body harms nobody', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorate('config', loadConfig({}))
  await app.register(errors)
  await app.register(bodies)
  app.post('/', async ({ body }) => body)
  await app.listen({ host: '127.0.0.1', port: 0 })

  const body = Buffer.concat([gzipSync('{"a":1}'), Buffer.of(0)])
  // The header of another member, of a kind that does not exist.
  const rest = Buffer.of(0x1f, 0x8b, 9, 0, 0, 0)
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length + rest.length}\r\n\r\n`)
  socket.write(body)
  let answer = ''
  socket.on('data', (chunk) => { answer += chunk })
  await once(socket, 'data')
  // An answer that is sent before all of a body has come may leave the rest of it unread.
  if (!socket.destroyed) socket.write(rest)
  await delay(50)
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.equal((await app.inject({ method: 'POST', url: '/', payload: { a: 2 } })).statusCode, 200)
})
