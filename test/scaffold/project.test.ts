import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../config.js'
import { createProject } from '../../scaffold/project.js'
import { build, examplePath, makeStore, zooPath } from '../helper.js'

const server = join(import.meta.dirname, '../..')
const graphs = join(import.meta.dirname, '../fixtures/graphs')
const four = '{"a":"float","b":"float","c":"float","d":"float"}'

async function scaffold (t: Test, model: string, options: { inputSchema?: string, port?: number } = {}) {
  const target = join(t.testdir(), 'My Service')
  return { target, project: await createProject({ server, target, model, port: 9000, ...options }) }
}

function read (...path: string[]) {
  return JSON.parse(readFileSync(join(...path), 'utf8'))
}

/** The application that the settings of a project give. */
async function serve (t: Test, target: string) {
  return await build(t, { ...loadConfig({ CONFIG_FILE: join(target, 'server.config.json') }), LOG_LEVEL: 'silent', WORKERS: '1', MODEL_STORE: join(target, 'model-store') })
}

/** What the README of a project sends to /predict, and the answer that it prints. */
function readExample (target: string) {
  const [, body = '', answer = ''] = /-d '(.*)'\n```\n```json\n(.*)\n```/.exec(readFileSync(join(target, 'README.md'), 'utf8')) ?? []
  return { body: JSON.parse(body.replaceAll("'\\''", "'")), answer: JSON.parse(answer) }
}

t.test('what the README of a project asks is answered as it says, whatever the model', async (t) => {
  const cases: [string, string | undefined, object][] = [
    [examplePath('iris'), undefined, { sepal_length: Number }],
    [examplePath('penguins'), undefined, { island: String, clutch_completion: Boolean }],
    [zooPath('logistic-string-labels'), undefined, { X: [0, 0, 0, 0] }],
    [zooPath('logistic-string-labels'), '{"a":"float","it\'s":"int","c d":"bool","e":"float"}', { a: 0, "it's": 0, 'c d': false, e: 0 }],
    [zooPath('strings-and-booleans'), undefined, {}],
    [zooPath('identity-string'), undefined, {}],
    [zooPath('external-data'), undefined, {}],
    [join(graphs, 'logistic-columns.onnx'), undefined, {}]
  ]
  for (const [model, inputSchema, expected] of cases) {
    await t.test(`${model.slice(server.length)} ${inputSchema ?? ''}`, async (t) => {
      const { target } = await scaffold(t, model, inputSchema === undefined ? {} : { inputSchema })
      const { body, answer } = readExample(target)
      t.match(body, expected)
      const app = await serve(t, target)
      const reply = await app.inject({ method: 'POST', url: '/predict', payload: body })
      t.same({ ...reply.json(), request_id: '…' }, answer)
      t.equal(reply.statusCode, 200)
    })
  }
})

t.test('a project has the model, its documents, its settings and no more', async (t) => {
  const { target, project } = await scaffold(t, examplePath('iris'), { port: 65535 })
  t.match(project, { name: 'my-service', port: 65535, model: { name: 'iris', report: /^iris 1: MULTICLASS_CLASSIFICATION, 4 features/ } })
  t.same(readdirSync(target, { recursive: true }).map(String).filter((path) => statSync(join(target, path)).isFile()).sort(), [
    'Containerfile', 'README.md', 'model-store/iris/1/background.json', 'model-store/iris/1/metadata.json', 'model-store/iris/1/model.onnx', 'model-store/iris/1/tests.json', 'model-store/iris/model.json', 'package.json', 'server.config.json'
  ])
  for (const file of ['model.onnx', 'metadata.json']) t.strictSame(readFileSync(join(target, 'model-store/iris/1', file)), readFileSync(join(server, 'model-store/iris/1', file)))
  t.same(read(target, 'server.config.json'), { HOST: '127.0.0.1', PORT: 65535, GRPC_PORT: -1, MODEL_STORE: 'model-store', DEFAULT_MODEL: 'iris' })
  t.match((await scaffold(t, zooPath('external-data'))).project, { name: 'my-service', model: { name: 'My-Service' } })
})

t.test('names and types become a metadata.json that more can be written into', async (t) => {
  const metadata = ['model-store', 'model', '1', 'metadata.json']
  const store = t.testdir()
  for (const [folder, files] of [['x/model', {}], ['y/model', { 'metadata.json': '{"task":"MULTICLASS_CLASSIFICATION"}' }]] as const) {
    mkdirSync(join(store, folder), { recursive: true })
    cpSync(zooPath('logistic-string-labels'), join(store, folder, 'model.onnx'))
    for (const [name, content] of Object.entries(files)) writeFileSync(join(store, folder, name), content)
  }
  const features = [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'numeric' }, { name: 'c', type: 'numeric' }, { name: 'd', type: 'numeric' }]
  for (const [folder, more] of [['x', {}], ['y', { task: 'MULTICLASS_CLASSIFICATION' }]] as const) {
    const target = join(store, folder, 'project', 'model')
    await createProject({ server, target, model: join(store, folder, 'model/model.onnx'), port: 1, inputSchema: four })
    t.same(read(target, ...metadata), { ...more, features })
  }
})

t.test('columns without names get none', async (t) => {
  const { target } = await scaffold(t, zooPath('logistic-string-labels'))
  t.notOk(existsSync(join(target, 'model-store/My-Service/1/metadata.json')))
  t.match(readFileSync(join(target, 'README.md'), 'utf8'), 'not there yet: it gives the columns names')
})

t.test('a model is named by its file, its model folder or the project', async (t) => {
  const store = await makeStore(t, { churn: { zoo: 'linear-regression', version: '3' } })
  cpSync(zooPath('linear-regression'), join(store, 'a model (2).onnx'))
  for (const [path, name] of [['churn/3/model.onnx', 'churn'], ['churn/3', 'churn'], ['churn', 'churn'], ['a model (2).onnx', 'a-model-2-']] as const) {
    const target = join(store, `for-${name}-${path.length}`)
    t.equal((await createProject({ server, target, model: join(store, path), port: 1 })).model.name, name, path)
    t.ok(existsSync(join(target, 'model-store', name, '1/model.onnx')))
  }
})

t.test('a model is served though it has no answer to an invented row', async (t) => {
  const { target, project } = await scaffold(t, zooPath('not-finite'))
  t.match(project.model, { report: /^My-Service 1: .* loaded and run in \d+ ms$/, body: Object, answer: undefined })
  t.match(readFileSync(join(target, 'README.md'), 'utf8'), /-d '\{".*\}'\n```\n\nThe values are examples/)
})

t.test('a project whose metadata was read from the graph, or made by a schema, serves its categories', async (t) => {
  const schema = '{"island":"str","sex":"str","year":"int"}'
  for (const inputSchema of [undefined, schema]) {
    const { target, project } = await scaffold(t, zooPath('one-hot'), inputSchema === undefined ? {} : { inputSchema })
    t.match(project.model.report, /^My-Service 1: .* loaded and run in \d+ ms$/)
    t.match(read(target, 'model-store/My-Service/1/metadata.json').features.find(({ name }: { name: string }) => name === 'island'), { type: 'category', categories: ['Biscoe', 'Dream', 'Torgersen'] })
    const { body, answer } = readExample(target)
    const app = await serve(t, target)
    const reply = await app.inject({ method: 'POST', url: '/predict', payload: body })
    t.same([reply.statusCode, { ...reply.json(), request_id: '…' }], [200, answer])
    t.equal((await app.inject({ method: 'POST', url: '/predict', payload: { ...body, island: 'Atlantis' } })).statusCode, 400)
  }
})

t.test('what model.json says of the model goes along, what it says of its versions and its store does not', async (t) => {
  const config = { response_style: 'label', batching: { max_rows: 8 }, session: { intraOpNumThreads: 2 }, versions: ['2'], labels: { stable: '2' }, default: true }
  const store = await makeStore(t, { flowers: { zoo: 'logistic-string-labels', version: '2', config } })
  for (const [place, path] of [['a', 'flowers'], ['b', 'flowers/2'], ['c', 'flowers/2/model.onnx']] as const) {
    const target = join(store, 'out', place)
    await createProject({ server, target, model: join(store, path), port: 1 })
    t.same(read(target, 'model-store/flowers/model.json'), { response_style: 'label', batching: { max_rows: 8, max_delay_us: 0 }, session: { intraOpNumThreads: 2, executionProviders: ['cpu'] } })
    t.match(readFileSync(join(target, 'README.md'), 'utf8'), '"prediction":"')
  }
  await rm(join(store, 'flowers/model.json'))
  await createProject({ server, target: join(store, 'out/plain'), model: join(store, 'flowers'), port: 1 })
  t.notOk(existsSync(join(store, 'out/plain/model-store/flowers/model.json')))
})

t.test('what cannot be a project is refused in one line and leaves nothing behind', async (t) => {
  const folder = t.testdir({
    full: { 'note.txt': 'mine' },
    empty: {},
    'model.pkl': 'pickle',
    'notes.txt': 'text'
  })
  const iris = examplePath('iris')
  const plain = zooPath('logistic-string-labels')
  const cases: [string, string, string | undefined, RegExp][] = [
    ['full', iris, undefined, /full is not empty \(note\.txt\); name a new folder$/],
    ['notes.txt', iris, undefined, /notes\.txt cannot become the project: there is a file of that name$/],
    ['notes.txt/deeper', iris, undefined, /deeper cannot become the project: there is a file of that name$/],
    ['new', join(folder, 'model.pkl'), undefined, /model\.pkl is not an ONNX file and is never opened; docs\/exporting\.md/],
    ['new', join(folder, 'notes.txt'), undefined, /notes\.txt is neither an \.onnx file nor a folder$/],
    ['new', join(folder, 'none.onnx'), undefined, /there is nothing at .*none\.onnx$/],
    ['new', join(folder, 'empty'), undefined, /empty holds no model/],
    ['new', zooPath('broken/truncated'), undefined, /truncated/],
    ['new/deep', zooPath('broken/text'), undefined, /broken\/text\/model\.onnx: is not an ONNX file \(it begins with "This is a text f"\)$/],
    ['empty', zooPath('broken/bfloat16'), undefined, /element type 16, which cannot be served$/],
    ['new', plain, '{"a":"int"', /INPUT_SCHEMA must be a JSON object/],
    ['new', plain, '["a"]', /INPUT_SCHEMA must be a JSON object/],
    ['empty', plain, '{"a":"int"}', /the features fill 1 columns, but the input 'X' has 4$/],
    ['new', plain, four.replace('float', 'money'), /INPUT_SCHEMA: a: 'money' is no type; it is one of int, float, str, bool/],
    ['new', iris, four, /^--input-schema: the metadata\.json beside the model names its features already$/]
  ]
  for (const [target, model, inputSchema, message] of cases) {
    await t.rejects(createProject({ server, target: join(folder, target), model, port: 1, ...(inputSchema !== undefined && { inputSchema }) }), { message }, `${target} ${message}`)
    t.notOk(existsSync(join(folder, 'new')))
  }
  t.same(readdirSync(join(folder, 'empty')), [])
  t.same(readdirSync(join(folder, 'full')), ['note.txt'])
})

t.test('weights that are not beside the model are missed before anything is written', async (t) => {
  const folder = t.testdir({ 'model.onnx': readFileSync(zooPath('external-data')) })
  await t.rejects(createProject({ server, target: join(folder, 'new'), model: join(folder, 'model.onnx'), port: 1 }), { message: 'the model keeps its weights in weights.bin, which is not beside it' })
  writeFileSync(join(folder, 'outside.bin'), 'secret')
  const inner = join(folder, 'inner')
  mkdirSync(inner)
  writeFileSync(join(inner, 'model.onnx'), readFileSync(zooPath('external-data')))
  symlinkSync('../outside.bin', join(inner, 'weights.bin'))
  await t.rejects(createProject({ server, target: join(folder, 'new'), model: join(inner, 'model.onnx'), port: 1 }), { message: "external data 'weights.bin' leaves the model's folder" })
  t.notOk(existsSync(join(folder, 'new')))
})

t.test('the image of a project holds what the server reads', async (t) => {
  const { target } = await scaffold(t, examplePath('diabetes'))
  const image = readFileSync(join(target, 'Containerfile'), 'utf8')
  for (const [, source = ''] of image.matchAll(/^COPY (\S+) /gm)) t.ok(existsSync(join(target, source)), source)
  const own = readFileSync(join(server, 'Containerfile'), 'utf8')
  t.match(own, 'WORKDIR /app\n')
  t.match(own, 'CMD ["node", "--max-semi-space-size=8", "dist/server.js"]')
  t.match(image, 'CMD ["node", "--max-semi-space-size=8", "/app/dist/server.js"]')
  t.match(own, 'HOST=0.0.0.0 PORT=8080')
  t.match(readFileSync(join(server, 'docker-compose.yml'), 'utf8'), 'image: fastify-model-server:')
})
