import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { ConfigSchema, loadConfig } from '../config.js'
import { buildProject, copyProject } from './deployment.js'
import { errorCodes } from './error-codes.js'

const root = process.cwd()
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const manifest: { devDependencies: Record<string, string> } = JSON.parse(read('package.json'))

t.test('the container runs the Node that the project is tested on', async (t) => {
  t.match(read('Containerfile'), `node:${manifest.devDependencies.node}-slim`)
})

t.test('everything that the container copies reaches it, and builds there', async (t) => {
  const context = copyProject(t)
  const copied = [...read('Containerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) => files.split(' '))
  for (const file of copied) t.ok(existsSync(join(context, file)), file)

  buildProject(context)
  execFileSync(process.execPath, ['dist/check.js', 'model-store/iris'], { cwd: context })
  t.ok(existsSync(join(context, 'dist/server.js')))
})

for (const file of ['variables.env', 'variables-production.env']) {
  t.test(`${file} holds settings of the server`, async (t) => {
    const variables = parseEnv(read(file))
    const config = loadConfig(variables)
    t.equal(config.HOST, '0.0.0.0')
    t.equal(config.DEFAULT_MODEL, 'iris')
    t.equal(config.DEBUG, file === 'variables.env')
    for (const name of Object.keys(variables)) {
      t.ok(name in ConfigSchema.properties || ['PORT_EXTERNAL', 'MODEL_NAME'].includes(name), name)
    }
  })
}

t.test('nginx takes bodies as large and waits longer than the server', async (t) => {
  const nginx = read('deploy/nginx.conf')
  const { BODY_LIMIT, REQUEST_TIMEOUT_MS } = loadConfig({})
  t.equal(Number(/client_max_body_size (\d+)m/.exec(nginx)?.[1]) * 1024 * 1024, BODY_LIMIT)
  t.ok(Number(/proxy_read_timeout (\d+)s/.exec(nginx)?.[1]) * 1000 > REQUEST_TIMEOUT_MS)
  t.equal(nginx.split('{').length, nginx.split('}').length)
})

t.test('HTTP and gRPC can be reached in either compose set-up', async (t) => {
  t.match(read('docker-compose.yml'), 'GRPC_PORT: "8081"')
  // eslint-disable-next-line no-template-curly-in-string -- compose's own
  t.strictSame(findPorts('docker-compose.yml'), ['${PORT_EXTERNAL:-3333}:${PORT:-8080}', '8000:${PORT:-8080}', '8081:8081'])

  const nginx = read('deploy/nginx.conf')
  const production = read('docker-compose-production.yml')
  t.strictSame(findPorts('docker-compose-production.yml').map((mapped) => mapped.split(':').at(-1)), [...nginx.matchAll(/listen (\d+)/g)].map(([, port]) => port))
  for (const [upstream, setting] of [['model_server', 'PORT'], ['model_server_grpc', 'GRPC_PORT']]) {
    const port = new RegExp(` ${setting}: "(\\d+)"`).exec(production)?.[1]
    t.match(nginx, new RegExp(`upstream ${upstream} {\\s+server model-server:${port};`))
  }
})

t.test('nginx answers its own errors with the statuses, codes and forms of the server', async (t) => {
  const nginx = read('deploy/nginx.conf')
  const readMap = (name: string) => new Map([...(new RegExp(`map \\$status \\$${name} {([^}]*)}`).exec(nginx)?.[1] ?? '').matchAll(/(\d{3}) "?(.*?)"?;/g)].map(([, status, value]) => [Number(status), value]))
  const titles = readMap('error_title')
  const codes = readMap('error_code')
  for (const [status, title] of titles) t.equal(title, STATUS_CODES[status], String(status))
  for (const [status, code = ''] of codes) t.equal(errorCodes.get(code) ?? status, status, code)

  const documented = [...read('docs/deploying.md').matchAll(/^\| `([A-Z_]+)` \| (\d{3})\b/gm)].map(([, code, status]) => [Number(status), code])
  t.strictSame(documented, [[400, 'INVALID_HTTP'], ...codes])

  const answered = [...nginx.matchAll(/error_page ([\d ]+)(?: =431)? \$error_form/g)].flatMap(([, statuses = '']) => statuses.split(' ').map(Number))
  for (const status of [...titles.keys(), ...codes.keys()]) t.ok(status === 431 || status === 500 || answered.includes(status), String(status))
  // One meaning in two languages.
  const source = (file: string) => read(file).replaceAll('\\/', '/')
  t.match(source('plugins/errors/body.ts'), `/${/"~([^"]*v\[12][^"]*)" \/_plain_error/.exec(nginx)?.[1]}/`)
  t.match(source('plugins/request-id.ts'), `/${/"~([^"]*)" \$http_x_request_id/.exec(nginx)?.[1]}/`)
})

t.test('docs/deploying.md names every file of a deployment and every variable that compose asks for', async (t) => {
  const page = read('docs/deploying.md')
  const files = globSync(['docker-compose*.yml', 'variables*.env', 'deploy/*', 'Containerfile'], { cwd: root })
  t.ok(files.length >= 8)
  for (const file of files) {
    t.match(page, `\`${file}\``)
    for (const [, name] of read(file).matchAll(/\$\{([A-Z_]+):-/g)) t.match(page, `| \`${name}\` |`)
  }
  t.match(read('README.md'), '(docs/deploying.md)')
})

t.test('a pod is given the time that its end may take', async (t) => {
  const pod = read('deploy/kubernetes.yaml')
  const seconds = (pattern: RegExp, unit = 1) => Number(pattern.exec(pod)?.[1]) / unit
  const needed = seconds(/"sleep", "(\d+)"/) + seconds(/DRAIN_DELAY_MS\n\s+value: "(\d+)"/, 1000) + seconds(/SHUTDOWN_TIMEOUT_MS\n\s+value: "(\d+)"/, 1000)
  t.ok(seconds(/terminationGracePeriodSeconds: (\d+)/) > needed, `${needed} s`)
})

t.test('the heaps of all threads and half a gigabyte for the rest fit into the memory of the container, and threads are replaced before it is full', async (t) => {
  const pod = read('deploy/kubernetes.yaml')
  const setting = (name: string) => Number(new RegExp(`name: ${name}\n\\s+value: "(\\d+)"`).exec(pod)?.[1])
  const memory = (file: string) => Number(/limits:\n(?:.*\n)*? +memory: (\d+)G/.exec(read(file))?.[1]) * 1024
  const { WORKERS, WORKER_HEAP_MB, MEMORY_LIMIT_MB } = loadConfig(parseEnv(read('variables-production.env')))
  t.ok(setting('WORKERS') * setting('WORKER_HEAP_MB') + 512 <= memory('deploy/kubernetes.yaml'))
  t.ok(Number(WORKERS) * WORKER_HEAP_MB + 512 <= memory('docker-compose-production.yml'))
  for (const [limit, file] of [[setting('MEMORY_LIMIT_MB'), 'deploy/kubernetes.yaml'], [MEMORY_LIMIT_MB, 'docker-compose-production.yml']] as const) {
    t.ok(limit > 0 && limit < memory(file), file)
  }
})

/** The ports of the host that a compose file maps, as `host:container`. */
function findPorts (file: string): string[] {
  return [...(/ports:\n((?: +- ".*"\n)+)/.exec(read(file))?.[1] ?? '').matchAll(/"(.*)"/g)].map(([, mapped = '']) => mapped)
}
