import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import t from 'tap'
import { ConfigSchema, loadConfig } from '../config.js'
import { buildProject, copyProject } from './deployment.js'

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
