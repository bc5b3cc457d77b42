import { createHash } from 'node:crypto'
import { chmod, realpath, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { StoredModel } from '../../../../plugins/models/store/artefact.js'
import { ModelStore } from '../../../../plugins/models/store/store.js'
import { StoreError, StoreMissingError } from '../../../../plugins/models/store/errors.js'

const onnx = 'not empty'
const nameRule = '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'

type Tree = NonNullable<Parameters<Test['testdir']>[0]>

async function readStore (t: Test, tree: Tree) {
  const root = await realpath(t.testdir(tree))
  const store = new ModelStore({ store: root })
  return { root, store, listing: await store.read() }
}

async function readIris (t: Test, folder: Tree): Promise<StoredModel> {
  const { listing } = await readStore(t, { iris: folder })
  const [model] = listing.models
  if (!model) throw new Error('no model')
  return model
}

/** Message of the only version of a model whose version folder holds these files beside model.onnx. */
async function readError (t: Test, files: Record<string, unknown>): Promise<string | undefined> {
  const texts = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? content : JSON.stringify(content)]))
  const model = await readIris(t, { 1: { 'model.onnx': onnx, ...texts } })
  return model.versions[0]?.error?.message
}

t.test('an empty store has no models', async (t) => {
  const { listing } = await readStore(t, {})
  t.same(listing.models, [])
  t.same(listing.refused, [])
})

t.test('a bare .onnx file is version 1 of a model named after it', async (t) => {
  const { root, listing } = await readStore(t, { 'iris.onnx': onnx, 'iris.onnx.data': 'weights', 'metadata.json': '{' })
  t.same(listing.models.map(({ name }) => name), ['iris'])
  const artefact = listing.models[0]?.versions[0]
  t.match(artefact, { model: 'iris', version: '1', path: join(root, 'iris.onnx'), folder: root })
  t.equal(artefact?.error, undefined)
  t.equal(artefact?.metadata, undefined)
  t.same(listing.models[0]?.wanted, ['1'])
})

t.test('a folder gives versions, highest number first, with their documents and the defaults of model.json', async (t) => {
  const model = await readIris(t, {
    2: { 'model.onnx': onnx },
    10: {
      'model.onnx': onnx,
      'metadata.json': JSON.stringify({ features: [{ name: 'a', type: 'numeric' }] }),
      'background.json': JSON.stringify({ columns: ['a'], rows: [[1], [null]] }),
      'tests.json': JSON.stringify({ cases: [{ input: [1], expect: { prediction: 0 } }] })
    }
  })
  t.same(model.versions.map(({ version }) => version), ['10', '2'])
  t.same(model.wanted, ['10'])
  t.equal(model.error, undefined)
  t.match(model.versions[0], {
    metadata: { features: [{ name: 'a', type: 'numeric' }] },
    background: { columns: ['a'], rows: [[1], [null]] },
    tests: { tolerance: 1e-4, cases: [{ input: [1], expect: { prediction: 0 } }] }
  })
  t.same(model.config, {
    versions: 'latest',
    labels: {},
    response_style: 'scalar',
    default: false,
    batching: { max_rows: 64, max_delay_us: 0 },
    dedicated: false,
    queue: { max_rows: 1024, timeout_ms: 5000 },
    session: { intraOpNumThreads: 1, executionProviders: ['cpu'] },
    deterministic: false
  })
})

t.test('names that break the rule are refused and the others are served', async (t) => {
  const { listing } = await readStore(t, {
    'my model': { 1: { 'model.onnx': onnx } },
    '-x.onnx': onnx,
    stats: { 1: { 'model.onnx': onnx } },
    ['x'.repeat(129)]: { 1: { 'model.onnx': onnx } },
    ['y'.repeat(128)]: { 1: { 'model.onnx': onnx } },
    'good.onnx': onnx
  })
  t.same(listing.models.map(({ name }) => name), ['good', 'y'.repeat(128)])
  const messages = new Map(listing.refused.map(({ entry, error }) => [entry, error.message]))
  t.equal(messages.size, 4)
  t.equal(messages.get('my model'), `my model: a model name must match ${nameRule}`)
  t.equal(messages.get('-x.onnx'), `-x.onnx: a model name must match ${nameRule}`)
  t.match(messages.get('stats'), 'stats is no model name')
})

t.test('hidden entries, lost+found and Kubernetes folders are skipped without a word', async (t) => {
  const { listing } = await readStore(t, { '.git': {}, '..data': {}, 'lost+found': {}, 'README.md': 'hello', 'iris.onnx': onnx })
  t.same(listing.models.map(({ name }) => name), ['iris'])
  t.same(listing.refused, [])
  t.same(listing.warnings, [])
})

t.test('a file that is no model is ignored with a warning', async (t) => {
  const { listing } = await readStore(t, { 'iris.ONNX': onnx })
  t.same(listing.models, [])
  t.match(listing.warnings, ['iris.ONNX: is ignored, it is neither an .onnx file nor a model folder'])
})

t.test('symbolic links that leave the store are refused wherever they are', async (t) => {
  const outside = t.testdir({
    outside: { 'model.onnx': onnx, 'model.json': '{}', 1: { 'model.onnx': onnx } },
    store: { file: { 1: {} }, document: { 1: { 'model.onnx': onnx } }, config: { 1: { 'model.onnx': onnx } }, version: {}, good: { 1: { 'model.onnx': onnx } } },
    'store-sibling': { 'model.onnx': onnx }
  })
  const store = join(outside, 'store')
  await symlink('../../../outside/model.onnx', join(store, 'file/1/model.onnx'))
  await symlink(join(outside, 'outside/model.json'), join(store, 'document/1/metadata.json'))
  await symlink('../../outside/model.json', join(store, 'config/model.json'))
  await symlink('../../outside/1', join(store, 'version/1'))
  await symlink('../outside', join(store, 'folder'))
  await symlink('../store-sibling/model.onnx', join(store, 'bare.onnx'))
  const { models } = await new ModelStore({ store }).read()
  const messages = Object.fromEntries(models.map(({ name, error, versions }) => [name, (error ?? versions[0]?.error)?.message]))
  const reason = 'resolves outside the store, which is not allowed'
  t.same(messages, {
    bare: `bare.onnx: ${reason}`,
    config: `config/model.json: ${reason}`,
    document: `document/1/metadata.json: ${reason}`,
    file: `file/1/model.onnx: ${reason}`,
    folder: `folder: ${reason}`,
    good: undefined,
    version: `version/1: ${reason}`
  })
})

t.test('symbolic links inside the store are followed, as a Kubernetes ConfigMap needs', async (t) => {
  const root = await realpath(t.testdir({ '..2024': { iris: { 1: { 'model.onnx': onnx, 'metadata.json': '{"task":"OTHER"}' } }, 'bare.onnx': onnx } }))
  await symlink('..2024', join(root, '..data'))
  await symlink('..data/iris', join(root, 'iris'))
  await symlink('..data/bare.onnx', join(root, 'bare.onnx'))
  const { models, refused } = await new ModelStore({ store: root }).read()
  t.same(refused, [])
  t.same(models.map(({ name, error, versions }) => [name, error, versions[0]?.error]), [['bare', undefined, undefined], ['iris', undefined, undefined]])
  t.equal(models[1]?.versions[0]?.metadata?.task, 'OTHER')
  t.equal(models[1]?.versions[0]?.folder, join(root, '..2024/iris/1'))
})

t.test('the store itself may be a symbolic link', async (t) => {
  const root = t.testdir({ real: { 'iris.onnx': onnx }, store: t.fixture('symlink', 'real') })
  const { models } = await new ModelStore({ store: join(root, 'store') }).read()
  t.equal(models[0]?.versions[0]?.error, undefined)
})

t.test('broken and circular links are errors of their entry', async (t) => {
  const { listing } = await readStore(t, {
    iris: { 1: { 'model.onnx': t.fixture('symlink', 'nowhere') }, 2: t.fixture('symlink', '2') },
    'bare.onnx': t.fixture('symlink', 'nowhere')
  })
  const [bare, iris] = listing.models
  t.match(bare?.versions[0]?.error?.message, 'bare.onnx: it does not exist, or is a symbolic link to nothing')
  t.match(iris?.versions[0]?.error?.message, /^iris\/2: its symbolic links run in a circle/)
  t.match(iris?.versions[1]?.error?.message, /^iris\/1\/model\.onnx: it does not exist/)
})

t.test('folders that are no version numbers are ignored with a warning', async (t) => {
  const model = await readIris(t, { '01': { 'model.onnx': onnx }, v1: { 'model.onnx': onnx }, 0: { 'model.onnx': onnx }, 2: 'a file', 3: { 'model.onnx': onnx } })
  t.same(model.versions.map(({ version }) => version), ['3'])
  t.same(model.warnings, [
    'iris/0: is ignored, a version folder is named by a positive number without leading zeros',
    'iris/01: is ignored, a version folder is named by a positive number without leading zeros',
    'iris/2: is ignored, a version must be a folder',
    'iris/v1: is ignored, a version folder is named by a positive number without leading zeros'
  ])
})

t.test('a version without a usable model.onnx says what was expected, and the others stand', async (t) => {
  const model = await readIris(t, {
    1: { 'model.onnx': onnx },
    2: {},
    3: { 'net.onnx': onnx },
    4: { 'model.onnx': '' },
    5: { 'model.onnx': {} },
    6: { 'model.joblib': 'x' }
  })
  t.same(model.versions.map(({ version, error }) => [version, error?.message]), [
    ['6', 'iris/6/model.joblib: is not an ONNX file and is never opened; docs/exporting.md shows how to export it'],
    ['5', 'iris/5/model.onnx: is not a file'],
    ['4', 'iris/4/model.onnx: is empty (0 bytes)'],
    ['3', 'iris/3/net.onnx: is not read, the model of a version is called model.onnx; rename it'],
    ['2', 'iris/2/model.onnx: is missing; a version folder holds model.onnx and, if wanted, metadata.json, background.json, tests.json'],
    ['1', undefined]
  ])
  t.same(model.wanted, ['6'])
})

t.test('files of other libraries are refused with the way to export them', async (t) => {
  const extensions = ['pkl', 'pickle', 'joblib', 'pt', 'pth', 'h5', 'keras', 'pb', 'bst', 'PKL']
  const { listing } = await readStore(t, { ...Object.fromEntries(extensions.map((extension, index) => [`m${index}.${extension}`, 'x'])), saved: { 'saved_model.pb': 'x' }, both: { 1: { 'model.onnx': onnx, 'model.pkl': 'x' } } })
  t.equal(listing.refused.length, extensions.length)
  for (const { error } of listing.refused) t.match(error.message, 'docs/exporting.md')
  t.match(listing.models.find(({ name }) => name === 'saved')?.error?.message, /^saved\/saved_model\.pb: .*docs\/exporting\.md/)
  t.equal(listing.models.find(({ name }) => name === 'both')?.versions[0]?.error, undefined)
})

t.test('a model that is there as file and as folder keeps the folder and names both', async (t) => {
  const { listing } = await readStore(t, { 'iris.onnx': onnx, iris: { 1: { 'model.onnx': onnx } } })
  t.equal(listing.models.length, 1)
  t.match(listing.models[0]?.versions[0]?.path, /iris.1.model\.onnx$/)
  t.same(listing.refused, [{ entry: 'iris.onnx', error: { file: 'iris.onnx', message: 'iris.onnx: model iris is there twice, as iris/ and as iris.onnx; remove one of them' } }])
})

t.test('a model folder without versions says where the file belongs', async (t) => {
  const { listing } = await readStore(t, { empty: {}, flat: { 'model.onnx': onnx } })
  t.same(listing.models.map(({ error }) => error?.message), [
    'empty/1/model.onnx: is missing, there is no version folder',
    'flat/model.onnx: is in no version folder; move it to flat/1/model.onnx'
  ])
  t.same(listing.models.map(({ wanted }) => wanted), [[], []])
})

t.test('bad JSON is an error with its position, in each of the files', async (t) => {
  t.equal(await readError(t, { 'metadata.json': '{\n  "task": x\n}' }), 'iris/1/metadata.json: is not valid JSON at line 2, column 11: unexpected "x"')
  t.equal(await readError(t, { 'background.json': '{"columns": ["a"], "rows": [[NaN]]}' }), 'iris/1/background.json: is not valid JSON at line 1, column 30: NaN and Infinity are no JSON, write null for a missing value')
  t.match(await readError(t, { 'background.json': '{"columns": ["a"], "rows": [[-Infinity]]}' }), 'write null for a missing value')
  t.equal(await readError(t, { 'tests.json': '{"cases": [' }), 'iris/1/tests.json: is not valid JSON at line 1, column 12: it ends too early')
  const model = await readIris(t, { 'model.json': '{"default": true,}', 1: { 'model.onnx': onnx } })
  t.equal(model.error?.message, 'iris/model.json: is not valid JSON at line 1, column 18: unexpected "}"')
  t.same(model.versions.map(({ version }) => version), ['1'])
  t.same(model.wanted, [])
})

t.test('JSON that is not UTF-8, not a file or not an object is an error, a byte order mark is not', async (t) => {
  const root = t.testdir({ iris: { 1: { 'model.onnx': onnx, 'metadata.json': Buffer.from([0x7b, 0xff, 0x7d]) }, 2: { 'model.onnx': onnx, 'metadata.json': {} }, 3: { 'model.onnx': onnx, 'metadata.json': '\ufeff{}' } } })
  const { models } = await new ModelStore({ store: root }).read()
  t.same(models[0]?.versions.map(({ error }) => error?.message), [undefined, 'iris/2/metadata.json: is not a file', 'iris/1/metadata.json: is not UTF-8 text'])
  t.equal(await readError(t, { 'metadata.json': '[]' }), 'iris/1/metadata.json: the content must be an object, got an empty list')
})

t.test('errors of model.json name file and field', async (t) => {
  const cases: [unknown, string, string][] = [
    [{ batching: { max_rows: 'x' } }, 'batching.max_rows', 'batching.max_rows must be an integer >= 1, got "x"'],
    [{ batching: { max_rows: 0 } }, 'batching.max_rows', 'batching.max_rows must be an integer >= 1, got 0'],
    [{ batching: { max_rows: 65537 } }, 'batching.max_rows', 'batching.max_rows must be an integer <= 65536, got 65537'],
    [{ batching: { max_row: 1 } }, 'batching.max_row', 'batching.max_row is not a known key; known are max_rows, max_delay_us'],
    [{ batchign: {} }, 'batchign', 'batchign is not a known key; known are versions, labels, response_style, default, batching, instances, dedicated, queue, latency_budget_ms, session, deterministic'],
    [{ default: 'true' }, 'default', 'default must be true or false, got "true"'],
    [{ response_style: 'flat' }, 'response_style', 'response_style must be one of "scalar", "list", "label", got "flat"'],
    [{ versions: 'newest' }, 'versions', 'versions must be "latest", "all" or a list of version numbers such as ["1", "3"], got "newest"'],
    [{ versions: [1] }, 'versions', 'versions must be "latest", "all" or a list of version numbers such as ["1", "3"], got a list'],
    [{ labels: { Stable: '1' } }, 'labels', 'labels has the key "Stable", but its keys must be labels that match ^[a-z][a-z0-9_-]{0,63}$'],
    [{ labels: { stable: '01' } }, 'labels.stable', 'labels.stable must be a version number in quotes, such as "1", got "01"'],
    [{ session: { executionProviders: [] } }, 'session.executionProviders', 'session.executionProviders must be a non-empty list, got an empty list'],
    [{ instances: null }, 'instances', 'instances must be an integer >= 1, got null']
  ]
  for (const [config, field, message] of cases) {
    const model = await readIris(t, { 'model.json': JSON.stringify(config), 1: { 'model.onnx': onnx } })
    t.strictSame(model.error, { file: 'iris/model.json', message: `iris/model.json: ${message}`, field })
  }
})

t.test('the policy and the labels say which versions are wanted', async (t) => {
  const versions = { 1: { 'model.onnx': onnx }, 2: { 'model.onnx': onnx }, 10: { 'model.onnx': onnx } }
  const read = (config: unknown) => readIris(t, { ...versions, 'model.json': JSON.stringify(config) })
  t.same((await read({ versions: 'all' })).wanted, ['10', '2', '1'])
  t.same((await read({ versions: ['1', '10'] })).wanted, ['10', '1'])
  const labelled = await read({ labels: { stable: '1', canary: '7' } })
  t.same(labelled.wanted, ['10', '1'])
  t.same({ ...labelled.labels }, { stable: '1' })
  t.equal(labelled.labels.constructor, undefined)
  t.same(labelled.warnings, ['iris/model.json: labels.canary names version 7, which does not exist; it is ignored'])
  const partial = await read({ versions: ['1', '3'] })
  t.same(partial.wanted, ['1'])
  t.same(partial.warnings, ['iris/model.json: versions names version 3, which does not exist; it is ignored'])
  const none = await read({ versions: ['3'] })
  t.same(none.wanted, [])
  t.equal(none.error?.message, 'iris/model.json: versions asks for 3, but there is only 10, 2, 1')
})

t.test('metadata errors name the feature', async (t) => {
  const cases: [unknown, string][] = [
    [{ name: 'b' }, 'features[1].type (of "b") is missing'],
    [{ type: 'numeric' }, 'features[1].name is missing'],
    [{ name: 'b', type: 'number?' }, 'features[1].type (of "b") must be one of "numeric", "integer", "boolean", "string", "category", "vector", got "number?"'],
    [{ name: 'a', type: 'numeric' }, 'features[1].name repeats "a" of features[0]'],
    [{ name: '_data', type: 'numeric' }, 'features[1].name (of "_data") is reserved: no feature may have this name'],
    [{ name: '_samples', type: 'numeric' }, 'features[1].name (of "_samples") is reserved: no feature may have this name'],
    [{ name: 'b', type: 'category' }, 'features[1].categories (of "b") is missing, a category needs its allowed values'],
    [{ name: 'b', type: 'category', categories: ['x'], default: 'y' }, 'features[1].default (of "b") does not fit the type category: "y"'],
    [{ name: 'b', type: 'integer', default: 1.5 }, 'features[1].default (of "b") does not fit the type integer: 1.5'],
    [{ name: 'b', type: 'string', default: 1 }, 'features[1].default (of "b") does not fit the type string: 1'],
    [{ name: 'b', type: 'boolean', default: 'no' }, 'features[1].default (of "b") does not fit the type boolean: "no"'],
    [{ name: 'b', type: 'vector' }, 'features[1].shape (of "b") is missing, a vector needs its dimensions'],
    [{ name: 'b', type: 'numeric', minimum: 2, maximum: 1 }, 'features[1].minimum (of "b") is greater than maximum'],
    [{ name: 'b', type: 'numeric', categories: ['x', 'x'] }, 'features[1].categories (of "b") repeats "x"']
  ]
  for (const [feature, message] of cases) {
    t.equal(await readError(t, { 'metadata.json': { features: [{ name: 'a', type: 'numeric' }, feature] } }), `iris/1/metadata.json: ${message}`)
  }
  t.match(await readError(t, { 'metadata.json': { class_names: ['a', '__proto__'] } }), 'class_names must not contain')
  t.match(await readError(t, { 'metadata.json': { schema: 2 } }), 'iris/1/metadata.json: schema must be 1, got 2')
  t.match(await readError(t, { 'metadata.json': { description: 5 } }), 'description must be a string, got 5')
  t.match(await readError(t, { 'metadata.json': { decision_threshold: 2 } }), 'decision_threshold must be a number <= 1, got 2')
})

t.test('features of every type pass with a fitting default, one outside the range included', async (t) => {
  t.equal(await readError(t, {
    'metadata.json': {
      features: [
        { name: 'n', type: 'numeric', default: -1, minimum: 0, maximum: 10 },
        { name: 'i', type: 'integer', default: 2 },
        { name: 'b', type: 'boolean', default: false },
        { name: 's', type: 'string', default: '' },
        { name: 'c', type: 'category', categories: ['x', 3], default: 3 },
        { name: 'v', type: 'vector', shape: [3, 2], default: null }
      ]
    }
  }), undefined)
})

t.test('unknown keys of metadata.json and stray JSON files are warnings', async (t) => {
  const model = await readIris(t, {
    1: { 'model.onnx': onnx, 'metadata.json': JSON.stringify({ taks: 'OTHER', features: [{ name: 'a', type: 'numeric', defalt: 1 }], outputs: { lable: 'y' }, training: { metrics: { accuracy: 1 } } }), 'test.json': '{' }
  })
  t.equal(model.versions[0]?.error, undefined)
  t.same(model.versions[0]?.warnings, [
    'iris/1/metadata.json: taks is not a known key and is ignored',
    'iris/1/metadata.json: features[0].defalt is not a known key and is ignored',
    'iris/1/metadata.json: outputs.lable is not a known key and is ignored',
    'iris/1/test.json: is not read; the files of a version are metadata.json, background.json, tests.json'
  ])
})

t.test('background.json of another export than metadata.json is a warning that names both', async (t) => {
  const background = JSON.stringify({ columns: ['a'], rows: [[1]] })
  const digest = createHash('sha256').update(background).digest('hex')
  const read = async (files: Record<string, string>) => (await readIris(t, { 1: { 'model.onnx': onnx, ...files } })).versions[0]
  const describe = (sha256: string) => JSON.stringify({ features: [{ name: 'a', type: 'numeric' }], explain: { background_sha256: sha256 } })
  for (const sha256 of [digest, digest.toUpperCase()]) t.match(await read({ 'metadata.json': describe(sha256), 'background.json': background }), { error: undefined, warnings: [] })
  t.same((await read({ 'metadata.json': describe('ab') }))?.warnings, [], 'there is nothing to compare')
  const changed = await read({ 'metadata.json': describe(digest), 'background.json': `${background}\n` })
  t.equal(changed?.error, undefined)
  t.same(changed?.background, JSON.parse(background))
  t.same(changed?.warnings, [
    `iris/1/metadata.json: explain.background_sha256 is not the digest of iris/1/background.json, which is ${createHash('sha256').update(`${background}\n`).digest('hex')}: one of them was changed or belongs to another export`
  ])
})

t.test('background rows must match the columns, and the columns the features', async (t) => {
  const metadata = { features: [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'category', categories: ['x', 'y'] }] }
  const read = (background: unknown) => readError(t, { 'metadata.json': metadata, 'background.json': background })
  t.equal(await read({ columns: ['a', 'b'], rows: [[1, 'x'], [null, null]] }), undefined)
  t.equal(await read({ columns: ['a'], rows: [[1]] }), 'iris/1/background.json: columns has 1 names, metadata.json has 2 features')
  t.equal(await read({ columns: ['b', 'a'], rows: [['x', 1]] }), 'iris/1/background.json: columns[0] is "b", but features[0] of metadata.json is "a"')
  t.equal(await read({ columns: ['a', 'b'], rows: [[1, 'x'], [1]] }), 'iris/1/background.json: rows[1] has 1 values, columns has 2 names')
  t.equal(await read({ columns: ['a', 'b'], rows: [[1, 'z']] }), 'iris/1/background.json: rows[0][1] does not fit the category feature "b": "z"')
  t.equal(await read({ columns: ['a', 'b'], rows: [['1', 'x']] }), 'iris/1/background.json: rows[0][0] does not fit the numeric feature "a": "1"')
  t.equal(await read({ columns: ['a', 'b'], rows: [[[1], 'x']] }), 'iris/1/background.json: rows[0][0] must be a number, a string, true, false or null, got a list')
  t.equal(await read('{"columns": ["a", "b"], "rows": [[1e999, "x"]]}'), 'iris/1/background.json: rows[0][0] must be a number, a string, true, false or null, got Infinity')
  t.equal(await readError(t, { 'background.json': { columns: ['p', 'q'], rows: [[1, true]] } }), undefined)
})

t.test('tests.json is checked', async (t) => {
  t.equal(await readError(t, { 'tests.json': { cases: [{ input: 5, expect: { prediction: 1 } }] } }), 'iris/1/tests.json: cases[0].input must be a record or a row, got 5')
  t.equal(await readError(t, { 'tests.json': { cases: [{ input: [1], expect: {} }] } }), 'iris/1/tests.json: cases[0].expect.prediction is missing')
  t.equal(await readError(t, { 'tests.json': { cases: [] } }), 'iris/1/tests.json: cases must be a non-empty list, got an empty list')
})

t.test('the fingerprint changes when any file changes, and nothing is parsed again when none does', async (t) => {
  const { root, store, listing } = await readStore(t, { iris: { 'model.json': '{}', 1: { 'model.onnx': onnx, 'metadata.json': '{"task":"OTHER"}', weights: { 'w.bin': 'w' } }, 2: { 'model.onnx': onnx } }, 'bare.onnx': onnx, 'bare.onnx.data': 'w' })
  const [bare, iris] = listing.models
  const [, again] = (await store.read()).models
  t.equal(again?.versions[1], iris?.versions[1])
  t.equal(again?.fingerprint, iris?.fingerprint)

  await writeFile(join(root, 'iris/1/weights/w.bin'), 'ww')
  const [, rewritten] = (await store.read()).models
  t.not(rewritten?.versions[1]?.fingerprint, iris?.versions[1]?.fingerprint)
  t.equal(rewritten?.versions[0], iris?.versions[0])

  await utimes(join(root, 'iris/model.json'), 1, 1)
  const [, touched] = (await store.read()).models
  t.not(touched?.fingerprint, rewritten?.fingerprint)
  t.equal(touched?.versions[1], rewritten?.versions[1])

  await writeFile(join(root, 'bare.onnx.data'), 'ww')
  t.not((await store.readModel('bare'))?.versions[0]?.fingerprint, bare?.versions[0]?.fingerprint)

  await rm(join(root, 'iris/1'), { recursive: true })
  t.same((await store.readModel('iris'))?.versions.map(({ version }) => version), ['2'])
  await rename(join(root, 'iris'), join(root, 'rose'))
  t.same((await store.read()).models.map(({ name }) => name), ['bare', 'rose'])
})

t.test('one model is read by name, and no text of a request makes a path', async (t) => {
  const { store } = await readStore(t, { iris: { 1: { 'model.onnx': onnx } }, 'bare.onnx': onnx, 'bad name': {} })
  t.equal((await store.readModel('iris'))?.name, 'iris')
  t.equal((await store.readModel('bare'))?.name, 'bare')
  for (const name of ['', '.', '..', '../iris', 'iris/1', '/etc', 'bad name', 'bare.onnx', 'IRIS', 'iris\0']) {
    t.equal(await store.readModel(name), undefined, JSON.stringify(name))
  }
})

t.test('a store that is missing or no folder is an error that names the setting', async (t) => {
  const root = t.testdir({ file: 'x' })
  await t.rejects(new ModelStore({ store: join(root, 'none') }).read(), { name: 'StoreMissingError', setting: 'MODEL_STORE', message: `MODEL_STORE: there is no folder ${join(root, 'none')}` })
  await t.rejects(new ModelStore({ store: join(root, 'none') }).readModel('x'), StoreMissingError)
  await t.rejects(new ModelStore({ store: join(root, 'file') }).read(), { name: 'StoreError', message: `MODEL_STORE: ${join(root, 'file')} is not a folder` })
})

t.test('a folder the server may not read is an error of its model', { skip: process.getuid?.() === 0 && 'root may read everything' }, async (t) => {
  const { root, store } = await readStore(t, { iris: { 1: { 'model.onnx': onnx } }, 'good.onnx': onnx })
  await chmod(join(root, 'iris'), 0)
  const { models } = await store.read()
  await chmod(join(root, 'iris'), 0o755)
  t.equal(models[1]?.error?.message, 'iris: the server may not read it')
  t.equal(models[0]?.versions[0]?.error, undefined)
})

t.test('MODEL_PATH names one model in any of its forms', async (t) => {
  const root = await realpath(t.testdir({
    iris: { 'model.json': '{"default":true,"labels":{"stable":"2","old":"9"}}', 1: { 'model.onnx': onnx }, 2: { 'model.onnx': onnx, 'metadata.json': '{"task":"OTHER"}' } },
    'rose.onnx': onnx,
    'other.onnx': onnx,
    mount: { 'model.onnx': onnx, 'metadata.json': '{"task":"OTHER"}', 'model.json': '{"default":true}' },
    named: { 'tulip.onnx': onnx, 'metadata.json': '{"task":"OTHER"}' }
  }))
  const cases: [string, string, string[], string, boolean][] = [
    ['iris', 'iris', ['2', '1'], 'iris/2/model.onnx', true],
    ['iris/2', 'iris', ['2'], 'iris/2/model.onnx', true],
    ['iris/2/', 'iris', ['2'], 'iris/2/model.onnx', true],
    ['iris/2/model.onnx', 'iris', ['2'], 'iris/2/model.onnx', true],
    ['rose.onnx', 'rose', ['1'], 'rose.onnx', false],
    ['mount', 'mount', ['1'], 'mount/model.onnx', true],
    ['mount/model.onnx', 'mount', ['1'], 'mount/model.onnx', true],
    ['named', 'tulip', ['1'], 'named/tulip.onnx', true]
  ]
  for (const [path, name, versions, file, described] of cases) {
    const { models, refused } = await new ModelStore({ path: join(root, path) }).read()
    t.same(refused, [])
    t.equal(models.length, 1)
    const [model] = models
    t.equal(model?.error, undefined, path)
    t.equal(model?.name, name, path)
    t.same(model?.versions.map(({ version }) => version), versions, path)
    t.equal(model?.versions[0]?.path, join(root, file), path)
    t.equal(model?.versions[0]?.error, undefined, path)
    t.equal(model?.versions[0]?.metadata?.task, described ? 'OTHER' : undefined, path)
  }
  const single = await new ModelStore({ path: join(root, 'iris/1') }).readModel('iris')
  t.equal(single?.config.default, true)
  t.same(single?.wanted, ['1'])
  t.same({ ...single?.labels }, {})
  t.same(single?.warnings, [])
  t.equal(await new ModelStore({ path: join(root, 'mount') }).readModel('iris'), undefined)
})

t.test('MODEL_PATH goes before MODEL_STORE and may carry its own name', async (t) => {
  const root = t.testdir({ store: { 'a.onnx': onnx }, 'my model': { 'model.onnx': onnx } })
  const { models } = await new ModelStore({ store: join(root, 'store'), path: join(root, 'my model'), name: 'iris' }).read()
  t.same(models.map(({ name }) => name), ['iris'])
})

t.test('a Kubernetes mount of one model follows its links but not out of the mount', async (t) => {
  const root = t.testdir({ models: { '..2024': { 'model.onnx': onnx } }, secret: { 'a.json': '{}' } })
  const mount = join(root, 'models')
  await symlink('..2024', join(mount, '..data'))
  await symlink('..data/model.onnx', join(mount, 'model.onnx'))
  const store = new ModelStore({ path: mount })
  t.equal((await store.read()).models[0]?.versions[0]?.error, undefined)
  await symlink('../secret/a.json', join(mount, 'metadata.json'))
  t.equal((await store.read()).models[0]?.versions[0]?.error?.message, 'metadata.json: resolves outside the store, which is not allowed')
})

t.test('MODEL_PATH that can be no model is an error that names the setting', async (t) => {
  const root = t.testdir({ 'm.pkl': 'x', 'm.txt': 'x', 'my model.onnx': onnx, pickled: { 'm.pkl': 'x' }, many: { 'a.onnx': onnx, 'b.onnx': onnx }, empty: {}, stats: { 'model.onnx': onnx } })
  const cases: [string, RegExp][] = [
    ['none.onnx', /^MODEL_PATH: there is nothing at .*none\.onnx$/],
    ['m.pkl', /^MODEL_PATH: .*m\.pkl is not an ONNX file .* docs\/exporting\.md/],
    ['m.txt', /m\.txt is neither an \.onnx file nor a folder$/],
    ['pickled', /m\.pkl is not an ONNX file .* docs\/exporting\.md/],
    ['many', /holds several models \(a\.onnx, b\.onnx\).*MODEL_STORE/],
    ['empty', /empty holds no model: expected model\.onnx/],
    ['my model.onnx', /would be named "my model": a model name must match/],
    ['stats', /would be named "stats": stats is no model name/],
    ['m.txt/x', /m\.txt\/x: it cannot be read \(ENOTDIR\)$/]
  ]
  for (const [path, message] of cases) {
    const error = await new ModelStore({ path: join(root, path) }).read().catch((error: unknown) => error)
    t.ok(error instanceof StoreError, path)
    t.match(error, { setting: 'MODEL_PATH', message })
    t.equal(error instanceof StoreMissingError, path === 'none.onnx')
  }
})
