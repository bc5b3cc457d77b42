import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { chooseType } from './accept.js'

const scripts = ['page.js', 'api-key.js', 'elements.js', 'fields.js', 'form.js', 'request.js', 'result.js']
const assets = [['page.css', 'text/css'], ...scripts.map((name) => [name, 'text/javascript'] as const)] as const

const headers = {
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

/** Who opens the server in a browser finds a page to try its models; other clients are told that it is alive, which KServe's SDK asks here. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const read = keepFiles()

  app.get('/', { schema: { hide: true, security: [] } }, async (request, reply) => {
    reply.header('vary', 'accept')
    if (chooseType(request.headers.accept, ['application/json', 'text/html']) !== 'text/html') return { status: 'alive', documentation: '/docs' }
    return await reply.headers(headers).type('text/html; charset=utf-8').send(await read('page.html'))
  })

  for (const [name, type] of assets) {
    app.get(`/home/${name}`, { schema: { hide: true, security: [] } }, async (_request, reply) => {
      return await reply.headers(headers).type(`${type}; charset=utf-8`).send(await read(name))
    })
  }
}

export default routes

/** Reads files of the page when somebody first asks for them: most servers never show it. */
function keepFiles (): (name: string) => Promise<Buffer> {
  const files = new Map<string, Buffer>()
  return async (name) => {
    const file = files.get(name) ?? await readFile(new URL(`home/${name}`, import.meta.url))
    files.set(name, file)
    return file
  }
}
