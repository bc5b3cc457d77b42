import t from 'tap'
import { build } from '../../helper.js'

const examples = { MODEL_PATH: 'model-store/iris' }

t.test('The pages come from the server alone', async (t) => {
  const app = await build(t, examples)
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const path of ['/docs', '/docs/']) {
    const page = await fetch(baseUrl + path)
    const html = await page.text()
    t.equal(page.status, 200)
    const policy = page.headers.get('content-security-policy') ?? ''
    t.match(policy, /default-src 'none'/)
    t.notMatch(policy, /https?:|upgrade-insecure-requests|unsafe-eval/)
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)
    t.ok(assets.length >= 5)
    for (const asset of assets) {
      const url = new URL(asset, page.url)
      t.equal(url.origin, baseUrl, asset)
      const response = await fetch(url)
      t.equal(response.status, 200, asset)
      if (asset.endsWith('.css')) t.notMatch(await response.text(), /@import|url\(["']?(https?:)?\/\//)
      else await response.arrayBuffer()
    }
  }
})

t.test('The pages validate nothing elsewhere and show the document of this server', async (t) => {
  const app = await build(t, examples)
  const { body } = await app.inject('/docs/static/swagger-initializer.js')
  t.match(body, /validatorUrl: null/)
  t.match(body, /resolveUrl\('\.\/json'\)/)
  t.strictSame((await app.inject('/docs/json')).json(), (await app.inject('/openapi.json')).json())
})

t.test('What is not there is a problem with the id of the request', async (t) => {
  const app = await build(t, examples)
  const response = await app.inject({ url: '/docs/static/none.js', headers: { 'x-request-id': 'mine' } })
  t.equal(response.statusCode, 404)
  t.match(response.json(), { code: 'NOT_FOUND', request_id: 'mine' })
  const refused = await app.inject({ url: '/docs', method: 'POST' })
  t.equal(refused.statusCode, 405)
})
