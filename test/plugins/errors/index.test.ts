import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { DeadlineExceededError, DrainingError, InvalidRequestError, ModelNotFoundError, QueueFullError, RuleViolatedError, WorkerLostError } from '../../../errors.js'
import errors, { sendError } from '../../../plugins/errors/index.js'

const schema = { type: 'object', properties: { n: { type: 'integer' }, s: { enum: ['a', 'b'] } }, additionalProperties: false }

/** An application whose GET / and /v1/x and /v2/x throw. */
async function failWith (t: Test, error: unknown) {
  const app = Fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } }, frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => { sendError(error, request, reply) } })
  t.teardown(() => app.close())
  await app.register(errors)
  for (const path of ['/', '/v1/x', '/v2', '/v2/x', '/v20/x', '/models/v2/x']) app.get(path, async () => { throw error })
  app.get('/checked', { schema: { querystring: schema } }, async () => 'fine')
  app.post('/json', async ({ body }) => body)
  app.delete('/json', async () => 'gone')
  app.refuseOtherMethods()
  return app
}

t.test('an error of this server is a problem with its status, code and places', async (t) => {
  const places = [{ path: '/a', message: 'is required', expected: 'number', got: 'nothing' }]
  const cases: [Error, number, string, string, unknown[]][] = [
    [new InvalidRequestError('a is required', places), 400, 'INVALID_REQUEST', 'a is required', places],
    [new RuleViolatedError('too much', places), 422, 'RULE_VIOLATED', 'too much', places],
    [new ModelNotFoundError('x', '; there are y'), 404, 'MODEL_NOT_FOUND', "There is no model 'x'; there are y", []],
    [new QueueFullError('x', 9), 503, 'QUEUE_FULL', "The queue of model 'x' is full (9 rows)", []],
    [new DrainingError(), 503, 'DRAINING', 'The server is shutting down', []],
    [new WorkerLostError({ cause: new Error('secret') }), 503, 'WORKER_LOST', 'The thread that worked on this request was lost', []],
    [new DeadlineExceededError(5), 504, 'DEADLINE_EXCEEDED', 'No answer within 5 ms', []]
  ]
  for (const [error, status, code, detail, places] of cases) {
    const app = await failWith(t, error)
    const answer = await app.inject('/')
    t.equal(answer.statusCode, status, code)
    t.equal(answer.headers['content-type'], 'application/problem+json', code)
    t.equal(answer.headers['retry-after'], status === 503 ? '1' : undefined, code)
    const { title, request_id: id, ...problem } = answer.json()
    t.same(problem, { type: 'about:blank', status, detail, code, errors: places })
    t.type(title, 'string')
    t.equal(answer.headers['x-request-id'], id)
  }
})

t.test('of an error that nobody foresaw a client learns nothing', async (t) => {
  const secret = 'secret of /home/me/model.onnx'
  const fastifyError = Object.assign(new Error(secret), { code: 'FST_ERR_ODD', statusCode: 500 })
  const systemError = Object.assign(new Error(secret), { code: 'ENOENT', path: secret })
  for (const error of [new Error(secret), new TypeError(secret), systemError, fastifyError, Object.assign(new Error(secret), { statusCode: 502 })]) {
    const app = await failWith(t, error)
    const answer = await app.inject('/')
    t.ok(answer.statusCode >= 500)
    t.match(answer.json(), { code: 'INTERNAL_ERROR', detail: 'The request could not be answered', errors: [] })
    t.notMatch(answer.body, /secret|home|\.ts|\.js/)
    t.same((await app.inject('/v2/x')).json(), { error: 'The request could not be answered' })
  }
})

t.test('under /v1 and /v2 an error is {"error"} as plain JSON', async (t) => {
  const app = await failWith(t, new ModelNotFoundError('x', ''))
  for (const url of ['/v1/x', '/v2', '/v2/x', '/v2/nothing', '/v1/nothing?a=1']) {
    const answer = await app.inject(url)
    t.same([answer.statusCode, answer.headers['content-type']], [404, 'application/json'], url)
    t.same(Object.keys(answer.json()), ['error'], url)
  }
  t.equal((await app.inject('http://localhost/v2/x')).headers['content-type'], 'application/json', 'the whole URL, as to a proxy')
  for (const url of ['/v20/x', '/models/v2/x', '/v2x', '/v']) t.equal((await app.inject(url)).headers['content-type'], 'application/problem+json', url)
})

t.test('parameters are named with what they must be', async (t) => {
  const app = await failWith(t, new Error())
  const ask = async (query: string) => (await app.inject(`/checked?${query}`)).json()
  t.match(await ask('s=c'), { status: 400, code: 'INVALID_REQUEST', detail: 's must be one of: a, b', errors: [{ path: 's', expected: 'one of: a, b' }] })
  t.match(await ask('t=1'), { detail: 't is not a parameter of this route', errors: [{ path: 't', got: '"1" (string)' }] })
  t.match(await ask('t=1&s=c'), { detail: '2 parameters are invalid', errors: [{ path: 't' }, { path: 's' }] })
  t.match(await ask('n=1'), { detail: 'n must be integer' })
})

t.test('a path that does not exist is a 404, whatever the body', async (t) => {
  const app = await failWith(t, new Error())
  for (const payload of ['{', '', '{}']) {
    const answer = await app.inject({ method: 'POST', url: '/nothing?x=1', payload, headers: { 'content-type': 'application/json' } })
    t.match(answer.json(), { status: 404, code: 'NOT_FOUND', detail: 'There is nothing at /nothing?x=1' })
  }
  t.match((await app.inject('/%zz')).json(), { status: 400, code: 'INVALID_REQUEST', detail: 'The path is not a valid URL' })
  const long = (await app.inject(`/${'a'.repeat(9000)}`)).json()
  t.equal(long.status, 404)
  t.ok(long.detail.length <= 2048)
})

t.test('a message of half a surrogate pair is still strict JSON', async (t) => {
  const app = await failWith(t, new InvalidRequestError('odd \ud800'))
  t.equal((await app.inject('/')).json().detail, 'odd \ufffd')
})
