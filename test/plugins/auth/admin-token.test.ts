import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { ConfigError, loadConfig } from '../../../config.js'
import adminToken from '../../../plugins/auth/admin-token.js'

async function build (t: Test, token?: string) {
  const app = Fastify()
  app.decorate('config', { ...loadConfig({}), ...(token !== undefined && { ADMIN_TOKEN: token }) })
  await app.register(adminToken)
  t.teardown(() => app.close())
  return app
}

t.test('without a token anyone may', async (t) => {
  const app = await build(t)
  t.doesNotThrow(() => app.authorizeAdmin(undefined))
})

t.test('with a token only who sends it may', async (t) => {
  const app = await build(t, 'sesame')
  for (const header of ['Bearer sesame', 'bearer sesame', 'Bearer  sesame ']) t.doesNotThrow(() => app.authorizeAdmin(header), header)
  for (const header of [undefined, '', 'sesame', 'Basic sesame', 'Bearer', 'Bearer ', 'Bearer sesam', 'Bearer sesame2', 'Bearer sesame sesame']) {
    t.throws(() => app.authorizeAdmin(header), { code: 'UNAUTHORIZED', statusCode: 401 }, String(header))
  }
})

t.test('a token that nobody could send ends the start, and is not repeated', async (t) => {
  for (const token of [' ', 'two words', 'sésame', 'sesame\n']) {
    await t.rejects(build(t, token), { constructor: ConfigError, message: 'ADMIN_TOKEN must consist of visible ASCII characters, without blanks' }, token)
  }
})
