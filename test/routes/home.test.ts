import { readdirSync } from 'node:fs'
import t from 'tap'
import { create } from '../helper.js'

const folder = new URL('../../routes/home/', import.meta.url)
const types: Record<string, string> = { html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' }
const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
const app = await create(t, { WORKERS: '1', MODEL_PATH: 'model-store/iris' })

t.test('the root is a page for who asks for HTML, and says to all others that the server is alive', async (t) => {
  for (const accept of [browser, 'text/html', 'text/*', 'application/json;q=0.5, TEXT/HTML ;q=0.6']) {
    const answer = await app.inject({ url: '/', headers: { accept } })
    t.equal(answer.statusCode, 200, accept)
    t.equal(answer.headers['content-type'], types.html)
    t.equal(answer.headers.vary, 'accept')
    t.match(answer.body, /<form id="form"/)
  }
  for (const accept of [undefined, '*/*', 'application/json', 'text/plain', 'application/json, text/html', 'text/html;q=0', 'text/html; q=0.000, */*', 'text/htmlx', 'application/text/html']) {
    const answer = await app.inject({ url: '/', headers: { ...(accept !== undefined && { accept }) } })
    t.equal(answer.statusCode, 200, accept ?? 'no Accept')
    t.same(answer.json(), { status: 'alive', documentation: '/docs' })
    t.equal(answer.headers.vary, 'accept')
  }
  const head = await app.inject({ url: '/', method: 'HEAD', headers: { accept: browser } })
  t.same([head.statusCode, head.headers['content-type'], head.body], [200, types.html, ''])
  t.equal((await app.inject({ method: 'POST', url: '/', headers: { accept: browser } })).statusCode, 405)
})

t.test('every file of the page is served as what it is, under a policy that lets nothing else in', async (t) => {
  const { body: page } = await app.inject({ url: '/', headers: { accept: browser } })
  const served = new Set(['page.html'])
  const wanted = [...page.matchAll(/(?:src|href)="(home\/[^"]+)"/g)].map(([, url = '']) => url)
  for (const url of wanted) {
    const name = url.slice('home/'.length)
    if (served.has(name)) continue
    served.add(name)
    const { statusCode, headers, body } = await app.inject(`/${url}`)
    t.equal(statusCode, 200, url)
    t.equal(headers['content-type'], types[name.split('.').at(-1) ?? ''], url)
    for (const [, next = ''] of body.matchAll(/^import .* from '\.\/([^']+)'/gm)) wanted.push(`home/${next}`)
  }
  t.same([...served].sort(), readdirSync(folder).sort())
  for (const url of ['/', ...wanted.map((url) => `/${url}`)]) {
    const { headers } = await app.inject({ url, headers: { accept: browser } })
    t.equal(headers['x-content-type-options'], 'nosniff')
    const policy = String(headers['content-security-policy'])
    t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/)
    t.notMatch(policy, /unsafe|https?:|\*/)
  }
})

t.test('the page has nothing that the policy would block, and writes no markup', async (t) => {
  const { body: page } = await app.inject({ url: '/', headers: { accept: browser } })
  t.notMatch(page, /<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|https?:\/\//)
  for (const name of readdirSync(folder)) {
    if (name === 'page.html') continue
    const { body } = await app.inject(`/home/${name}`)
    t.notMatch(body, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:\/\//, name)
  }
  t.match(page, /<html lang="en">/)
  t.match(page, /href="docs"/)
  t.match(page, /href="openapi.json"/)
  const labels = [...page.matchAll(/<label for="([^"]+)"/g)].map(([, id = '']) => id)
  for (const id of labels) t.match(page, new RegExp(`id="${id}"`))
})

t.test('what is not of the page is not served with it', async (t) => {
  for (const name of ['page.html', 'none.js', '..%2fhome.ts', '../home.ts', 'tsconfig.json']) t.equal((await app.inject(`/home/${name}`)).statusCode, 404, name)
})
