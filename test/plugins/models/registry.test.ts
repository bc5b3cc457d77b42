import t, { type Test } from 'tap'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import type { Artefact } from '../../../plugins/models/store/artefact.js'
import type { Loader } from '../../../plugins/models/loader.js'
import type { Model } from '../../../plugins/models/model.js'
import { ModelRegistry, type RegistryOptions } from '../../../plugins/models/registry.js'
import { ModelStore } from '../../../plugins/models/store/store.js'
import { codeOf } from '../inference/lanes.js'

/** A version as the registry sees it: the content of its file tells loads apart. */
interface Loaded {
  name: string
  version: string
  content: string
  hot: boolean
  failure: string | undefined
  closed: boolean
}

/** A registry over a real store whose files need not be ONNX: those that say `broken` cannot be loaded. */
async function follow (t: Test, options: Partial<RegistryOptions> = {}) {
  const root = t.testdir()
  const loads: Loaded[] = []
  const logged: string[] = []
  const details: object[] = []
  /** Models that cannot be loaded for the time being, and why. */
  const faults = new Map<string, Error>()
  const gate = { pass: async () => {} }
  const loader = {
    async load ({ model, version, path }: Artefact, _config: unknown, { hot }: { hot: boolean }) {
      await gate.pass()
      const content = await readFile(path, 'utf8')
      const fault = faults.get(model)
      if (fault !== undefined) throw fault
      if (content.startsWith('broken')) throw new Error(`model.onnx: ${content}`)
      const loaded: Loaded = { name: model, version, content, hot, failure: undefined, closed: false }
      loads.push(loaded)
      return Object.assign(loaded, {
        loadMs: 1,
        loadedAt: new Date(),
        warnings: [],
        specification: { task: 'OTHER', layout: { inputs: [] }, outputs: [] },
        lane: { description: { bytes: 1, sha256: '' } },
        close: async () => { loaded.closed = true }
      }) as unknown as Model
    }
  } as unknown as Loader
  const note = (about: object, message: unknown = about) => {
    details.push(about)
    logged.push(String(message))
  }
  const log = { info: note, warn: note, error: note } as unknown as FastifyBaseLogger
  const store = new ModelStore({ store: root })
  const registry = new ModelRegistry({ store, loader, log, ...options })
  return {
    registry,
    loads,
    logged,
    details,
    faults,
    /** Holds up every load from now on. `reached` resolves with the first of them; after `release` they go on. */
    holdLoads () {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      gate.pass = async () => {
        reached.resolve()
        await released.promise
      }
      return { reached: reached.promise, release: released.resolve }
    },
    start: async () => registry.start(await store.read()),
    async write (path: string, content: unknown) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
    },
    remove: (path: string) => rm(join(root, path), { recursive: true }),
    /** Versions that serve, by model. */
    serving: () => Object.fromEntries(registry.list().map((entry) => [entry.name, [...entry.versions.values()].filter(({ model }) => model !== undefined).map(({ version }) => version).sort()])),
    /** What the file of the version that answers says. */
    answer: (name?: string, version?: string) => (registry.get(name, version) as unknown as Loaded).content
  }
}

function codeOfCall (call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    return (error as { code: string }).code
  }
}

t.test('the highest version serves, or with versions all every one', async (t) => {
  const { registry, write, start, serving, answer } = await follow(t)
  for (const version of [1, 2, 10]) await write(`a/${version}/model.onnx`, `a${version}`)
  for (const version of [1, 2]) await write(`b/${version}/model.onnx`, `b${version}`)
  await write('b/model.json', { versions: 'all' })
  await start()
  t.same(serving(), { a: ['10'], b: ['1', '2'] })
  t.equal(answer('a'), 'a10')
  t.equal(answer('b', '1'), 'b1')
  t.equal(answer('b'), 'b2')
  t.equal(registry.unready, undefined)
})

t.test('a list of versions and labels choose; a label is as good as a number', async (t) => {
  const { registry, write, start, serving, answer } = await follow(t)
  for (const version of [1, 2, 3, 4]) await write(`a/${version}/model.onnx`, `a${version}`)
  await write('a/model.json', { versions: ['2'], labels: { stable: '1', gone: '9' } })
  await start()
  t.same(serving(), { a: ['1', '2'] })
  t.equal(answer('a', 'stable'), 'a1')
  t.equal(codeOfCall(() => registry.get('a', 'gone')), 'VERSION_NOT_FOUND')
  t.equal(codeOfCall(() => registry.get('a', '3')), 'VERSION_NOT_FOUND')
  t.equal(codeOfCall(() => registry.get('a', 'constructor')), 'VERSION_NOT_FOUND')
})

t.test('while the highest version is broken the next lower one serves, and the reason can be read', async (t) => {
  const { registry, logged, write, start, serving } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('a/2/model.onnx', 'a2')
  await write('a/3/model.onnx', 'broken bytes')
  await write('a/model.json', { labels: { old: '1' } })
  await start()
  t.same(serving(), { a: ['1', '2'] }, 'the next lower one and not the one that merely has a label')
  const { versions } = registry.describe(registry.entry('a'))
  t.match(versions, [{ version: '3', state: 'UNAVAILABLE', reason: 'model.onnx: broken bytes' }, { version: '2', state: 'READY', reason: '' }, { version: '1' }])
  t.ok(logged.includes('model a version 3 cannot be loaded: model.onnx: broken bytes'))
})

t.test('a broken model leaves the others alone and says which file and field is wrong', async (t) => {
  const { registry, logged, write, start, serving } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('bad-field/1/model.onnx', 'x')
  await write('bad-field/model.json', { batching: { max_rows: 'many' } })
  await write('unknown-key/1/model.onnx', 'x')
  await write('unknown-key/model.json', { replicas: 3 })
  await write('bad-metadata/1/model.onnx', 'x')
  await write('bad-metadata/1/metadata.json', '{ "task": ')
  await write('renamed/1/network.onnx', 'x')
  await write('hollow/1/model.onnx', '')
  await write('pickle.pkl', 'x')
  await start()
  t.same(serving(), { a: ['1'], 'bad-field': [], 'bad-metadata': [], hollow: [], renamed: [], 'unknown-key': [] })
  const reasons = Object.fromEntries(registry.list().map((entry) => {
    const { reason, versions } = registry.describe(entry)
    return [entry.name, reason || versions.map((version) => version.reason).join()]
  }))
  t.match(reasons, {
    a: /^$/,
    'bad-field': /bad-field\/model\.json.*batching\.max_rows/,
    'unknown-key': /unknown-key\/model\.json.*replicas/,
    'bad-metadata': /bad-metadata\/1\/metadata\.json/,
    renamed: /renamed\/1.*network\.onnx/,
    hollow: /hollow\/1\/model\.onnx.*empty/
  })
  for (const pattern of [/bad-field\/model\.json/, /unknown-key\/model\.json/, /bad-metadata\/1\/metadata\.json/, /network\.onnx/, /hollow\/1\/model\.onnx/, /pickle\.pkl/]) {
    t.ok(logged.some((line) => pattern.test(line)), `${pattern.source} is logged`)
  }
  t.equal(codeOfCall(() => registry.get('hollow')), 'MODEL_NOT_READY')
  t.equal(registry.unready, undefined)
})

t.test('a broken file never takes a working version down, be it new or rewritten', async (t) => {
  const { registry, loads, write, start, answer } = await follow(t)
  await write('a/1/model.onnx', 'first')
  await start()
  await write('a/2/model.onnx', 'broken')
  await registry.reload()
  t.equal(answer('a'), 'first')
  await write('a/1/model.onnx', 'broken and longer')
  await registry.reload()
  t.equal(answer('a'), 'first')
  t.match(registry.describeVersion(registry.version(registry.entry('a'), '1')).reason, /^the files on disk cannot be loaded, the previous ones still serve: .*broken and longer/)
  await write('a/model.json', '{ "versions": 3 }')
  await registry.reload()
  t.equal(answer('a'), 'first', 'nor does a broken model.json')
  t.match(registry.entry('a').reason, /model\.json.*versions/)
  await write('a/model.json', '{}')
  await write('a/2/model.onnx', 'second')
  await registry.reload()
  t.equal(answer('a'), 'second')
  t.equal(registry.entry('a').reason, '')
  t.same(loads.map(({ content, closed }) => [content, closed]), [['first', true], ['second', false]])
})

t.test('a model whose model.json is broken is not loaded with the defaults instead', async (t) => {
  const { registry, write, start, loads } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('a/model.json', '{ "dedicated": "yes" }')
  await start()
  t.same(loads, [])
  t.match(registry.unready, 'no model is loaded')
  await write('a/model.json', '{ "dedicated": true }')
  await registry.reload()
  t.equal(loads.length, 1)
})

t.test('reading the store again loads what is new, replaces what changed and retires what is gone', async (t) => {
  const { registry, loads, write, remove, start, serving, answer } = await follow(t)
  await write('stays/1/model.onnx', 'same')
  await write('changes/1/model.onnx', 'old')
  await write('goes.onnx', 'x')
  await start()
  const { revision } = registry
  await registry.reload()
  t.equal(registry.revision, revision, 'nothing changed')
  await write('changes/1/model.onnx', 'newer')
  await write('comes.onnx', 'y')
  await remove('goes.onnx')
  await registry.reload()
  t.same(serving(), { changes: ['1'], comes: ['1'], stays: ['1'] })
  t.equal(answer('changes'), 'newer')
  t.equal(codeOfCall(() => registry.get('goes')), 'MODEL_NOT_FOUND')
  t.ok(registry.revision > revision)
  t.same(loads.map(({ content, hot, closed }) => [content, hot, closed]), [['old', false, true], ['x', false, true], ['same', false, false], ['newer', true, false], ['y', true, false]])
})

t.test('other settings load a model again although its file is the same', async (t) => {
  const { registry, loads, write, start } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await start()
  await write('a/model.json', { batching: { max_rows: 1 } })
  await registry.reload()
  t.same(loads.map(({ closed }) => closed), [true, false])
})

t.test('a version that is removed gives way to the next lower one', async (t) => {
  const { registry, write, remove, start, answer, serving } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('a/2/model.onnx', 'a2')
  await start()
  await remove('a/2')
  await registry.reload()
  t.equal(answer('a'), 'a1')
  t.same(serving(), { a: ['1'] })
  t.equal(codeOfCall(() => registry.get('a', '2')), 'VERSION_NOT_FOUND')
})

t.test('unloaded stays unloaded until it is loaded or its files change', async (t) => {
  const { registry, loads, write, start, answer } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await start()
  await registry.unload('a')
  t.equal(loads[0]?.closed, true)
  t.equal(codeOfCall(() => registry.get('a')), 'MODEL_NOT_READY')
  t.match(registry.describe(registry.entry('a')), { versions: [{ state: 'UNAVAILABLE', reason: 'unloaded' }] })
  await registry.reload()
  t.equal(codeOfCall(() => registry.get('a')), 'MODEL_NOT_READY')
  await registry.load('a')
  t.equal(answer('a'), 'a1')
  await registry.unload('a')
  await write('a/1/model.onnx', 'rewritten')
  await registry.reload()
  t.equal(answer('a'), 'rewritten')
})

t.test('loading by name takes a model again even if nothing changed, and says when nothing of it can serve', async (t) => {
  const { registry, loads, write, start } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('b/1/model.onnx', 'broken')
  await start()
  await registry.load('a')
  t.same(loads.map(({ closed, hot }) => [closed, hot]), [[true, false], [false, true]])
  t.equal(await codeOf(registry.load('b')), 'MODEL_NOT_READY')
  t.equal(await codeOf(registry.load('../a')), 'MODEL_NOT_FOUND')
  t.equal(await codeOf(registry.unload('c')), 'MODEL_NOT_FOUND')
})

t.test('the default is the named one, else the one that says so, else the only one', async (t) => {
  const named = await follow(t, { defaultModel: 'b' })
  for (const name of ['a', 'b']) await named.write(`${name}/1/model.onnx`, name)
  await named.write('a/model.json', { default: true })
  await named.start()
  t.equal(named.registry.defaultName, 'b')

  const marked = await follow(t)
  for (const name of ['a', 'b']) await marked.write(`${name}/1/model.onnx`, name)
  await marked.write('b/model.json', { default: true })
  await marked.start()
  t.equal(marked.registry.defaultName, 'b')
  await marked.write('b/model.json', '{ "default": true, "oops": 1 }')
  await marked.registry.reload()
  t.equal(marked.registry.defaultName, 'b', 'a slip in model.json does not move /predict to another model')
  await marked.write('b/model.json', '{}')
  await marked.registry.reload()
  t.equal(codeOfCall(() => marked.registry.defaultName), 'NO_DEFAULT_MODEL')
  await marked.remove('a')
  await marked.registry.reload()
  t.equal(marked.registry.defaultName, 'b')
})

t.test('a model that takes the default away from the only one does so once it serves, and is a warning', async (t) => {
  const { registry, logged, holdLoads, write, start, remove } = await follow(t)
  const lost = () => logged.filter((line) => line.includes('the default'))
  await write('a/1/model.onnx', 'a')
  await start()
  t.equal(registry.defaultName, 'a')
  await write('b/1/model.onnx', 'b')
  const held = holdLoads()
  const reloaded = registry.reload()
  await held.reached
  t.equal(registry.defaultName, 'a', 'before the other is loaded')
  t.same(lost(), [])
  held.release()
  await reloaded
  const warning = 'no model is the default any more: there are a, b; set DEFAULT_MODEL or "default": true in a model.json'
  t.same(lost(), [warning])
  t.throws(() => registry.defaultName, { code: 'NO_DEFAULT_MODEL', message: 'No model is the default one; there are a, b; set DEFAULT_MODEL or "default": true in a model.json' })
  await registry.reload()
  t.same(lost(), [warning], 'once')
  await write('a/model.json', { default: true })
  await registry.reload()
  await write('a/model.json', {})
  await registry.reload()
  t.same(lost(), [warning, warning])
  for (const name of ['a', 'b']) await remove(name)
  await registry.reload()
  t.equal(lost().length, 2, 'an empty store has none to name')
})

t.test('a model that cannot be loaded takes the default from nobody', async (t) => {
  const { registry, logged, write, start } = await follow(t)
  await write('a/1/model.onnx', 'a')
  await start()
  await write('b/1/model.onnx', 'broken bytes')
  await write('c/1/model.onnx', 'x')
  await write('c/model.json', { oops: 1 })
  await write('d/notes.txt', 'no version')
  await registry.reload()
  t.equal(registry.defaultName, 'a')
  t.notOk(logged.some((line) => line.includes('the default')))
  await write('b/1/model.onnx', 'b, mended')
  await registry.reload()
  t.equal(codeOfCall(() => registry.defaultName), 'NO_DEFAULT_MODEL')

  const late = await follow(t)
  for (const name of ['a', 'b']) await late.write(`${name}/1/model.onnx`, name === 'a' ? 'broken' : name)
  await late.start()
  t.equal(late.registry.defaultName, 'b', 'nor when both are there from the start')
})

t.test('while models are being loaded, known names are not ready and none stands in for another', async (t) => {
  const { registry, holdLoads, write, start, answer } = await follow(t)
  for (const name of ['a', 'b']) await write(`${name}/1/model.onnx`, name)
  await write('b/model.json', { default: true, labels: { stable: '1' } })
  const held = holdLoads()
  const started = start()
  await held.reached
  t.equal(registry.unready, 'models are being loaded')
  t.equal(registry.defaultName, 'b')
  for (const [name, version] of [['a'], ['b', '1'], ['b', 'stable']]) t.equal(codeOfCall(() => registry.get(name, version)), 'MODEL_NOT_READY')
  t.match(registry.describe(registry.entry('b')), { versions: [{ version: '1', state: 'LOADING' }] })
  held.release()
  await started
  t.equal(answer(), 'b')
  registry.drain()
  t.equal(registry.unready, 'the server is shutting down')
})

t.test('a version that can no longer be run is shown as such, and another serves in its place', async (t) => {
  const { registry, loads, write, start, answer } = await follow(t)
  for (const version of [1, 2]) await write(`a/${version}/model.onnx`, `a${version}`)
  await write('a/model.json', { versions: 'all' })
  await start()
  const second = loads.find(({ version }) => version === '2')
  if (second !== undefined) second.failure = 'its runs do not end'
  t.equal(answer('a'), 'a1')
  t.equal(registry.unready, undefined)
  const first = loads.find(({ version }) => version === '1')
  if (first !== undefined) first.failure = 'nor do these'
  t.equal(registry.unready, 'no model is loaded')
})

t.test('an empty store starts, is not ready and says what to do', async (t) => {
  const { registry, logged, start } = await follow(t)
  await start()
  t.equal(registry.unready, 'no model is loaded')
  t.match(logged.join(), /is empty: put a model into it/)
  t.equal(codeOfCall(() => registry.get()), 'NO_DEFAULT_MODEL')
})

t.test('a label moves once its new version serves, and stays where it is when that is broken', async (t) => {
  const { registry, holdLoads, loads, write, start, serving, answer } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('a/model.json', { versions: ['1'], labels: { stable: '1' } })
  await start()
  await write('a/2/model.onnx', 'broken')
  await write('a/3/model.onnx', 'a3')
  await write('a/model.json', { versions: ['3'], labels: { stable: '2' } })
  const held = holdLoads()
  const reloaded = registry.reload()
  await held.reached
  t.equal(answer('a', 'stable'), 'a1', 'while the new version is being loaded')
  held.release()
  await reloaded
  t.equal(answer('a', 'stable'), 'a1')
  t.equal(answer('a'), 'a3')
  t.same(serving(), { a: ['1', '3'] })
  await write('a/2/model.onnx', 'a2 mended')
  await registry.reload()
  t.equal(answer('a', 'stable'), 'a2 mended')
  t.same(serving(), { a: ['2', '3'] })
  t.equal(loads.find(({ content }) => content === 'a1')?.closed, true)
  t.equal(codeOfCall(() => registry.get('a', 'constructor')), 'VERSION_NOT_FOUND')
})

t.test('without a version those that the policy names come before one that merely has a label', async (t) => {
  const { loads, write, start, answer } = await follow(t)
  for (const version of [1, 2]) await write(`a/${version}/model.onnx`, `a${version}`)
  await write('a/model.json', { versions: ['1'], labels: { canary: '2' } })
  await start()
  t.equal(answer('a'), 'a1')
  t.equal(answer('a', 'canary'), 'a2')
  const first = loads.find(({ version }) => version === '1')
  if (first !== undefined) first.failure = 'its runs do not end'
  t.equal(answer('a'), 'a2')
})

t.test('what failed is tried again when that is asked for, and what was unloaded is not', async (t) => {
  const { registry, loads, faults, write, start, answer } = await follow(t)
  for (const name of ['fails', 'rests', 'stuck', 'works']) await write(`${name}/1/model.onnx`, name)
  faults.set('fails', new Error('model.onnx: no memory'))
  await start()
  await registry.unload('rests')
  const stuck = loads.find(({ name }) => name === 'stuck')
  if (stuck !== undefined) stuck.failure = 'its runs do not end'
  faults.clear()
  const before = loads.length
  await registry.reload()
  t.equal(loads.length, before, 'only when asked for')
  await registry.reload({ retry: true })
  t.same(loads.slice(before).map(({ name }) => name), ['fails', 'stuck'])
  t.equal(answer('fails'), 'fails')
  t.equal(stuck?.closed, true)
  t.equal(codeOfCall(() => registry.get('rests')), 'MODEL_NOT_READY')
})

t.test('nothing more is loaded once the server is shutting down', async (t) => {
  const { registry, holdLoads, loads, write, start } = await follow(t)
  for (const name of ['a', 'b', 'c']) await write(`${name}/1/model.onnx`, name)
  const held = holdLoads()
  const started = start()
  await held.reached
  registry.drain()
  held.release()
  await started
  t.same(loads.map(({ name }) => name), ['a'])
  t.equal(await codeOf(registry.load('b')), 'DRAINING')
})

t.test('a load that is under way when the server shuts down is told so, and nobody hears of a broken model', async (t) => {
  const { registry, holdLoads, logged, faults, write, start } = await follow(t)
  await write('a/1/model.onnx', 'a')
  await start()
  const held = holdLoads()
  faults.set('a', new Error('The server is shutting down'))
  const before = logged.length
  const loaded = codeOf(registry.load('a'))
  await held.reached
  registry.drain()
  held.release()
  t.equal(await loaded, 'DRAINING')
  t.same(logged.slice(before), [])
  await registry.settled()
})

t.test('while the server drains the store is not followed: what is loaded serves, whatever happens to its files', async (t) => {
  const { registry, loads, logged, write, remove, start, serving } = await follow(t)
  for (const name of ['a', 'b']) await write(`${name}/1/model.onnx`, name)
  await start()
  const before = logged.length
  await remove('b')
  const reloading = registry.reload()
  registry.drain()
  await reloading
  await remove('a')
  await write('pickle.pkl', 'x')
  await registry.reload()
  t.same([serving(), loads.map(({ closed }) => closed), logged.slice(before), registry.refused], [{ a: ['1'], b: ['1'] }, [false, false], [], []])
})

t.test('what is wrong with the store is logged once until it changes', async (t) => {
  const { registry, logged, write, remove, start } = await follow(t)
  await write('pickle.pkl', 'x')
  await start()
  await registry.reload()
  const count = () => logged.filter((line) => line.includes('pickle.pkl')).length
  t.equal(count(), 1)
  await remove('pickle.pkl')
  await registry.reload()
  await write('pickle.pkl', 'x')
  await registry.reload()
  t.equal(count(), 2)
})

t.test('the log says when a version leaves and why', async (t) => {
  const { registry, logged, details, write, start, remove } = await follow(t)
  await write('a/1/model.onnx', 'a1')
  await write('b/1/model.onnx', 'b1')
  await start()
  await write('a/2/model.onnx', 'a2')
  await remove('b')
  await registry.reload()
  await registry.unload('a')
  t.equal(logged.filter((line) => line === 'model unloaded').length, 3)
  t.match(details.filter((detail) => typeof detail === 'object' && 'reason' in detail), [
    { model: 'b', version: '1', reason: 'removed from the store' },
    { model: 'a', version: '1', reason: 'replaced' },
    { model: 'a', version: '2', reason: 'unloaded' }
  ])
})

t.test('a failed load is logged with what lies at the bottom of it where the message does not say so, and with a stack only if the server is at fault', async (t) => {
  const { details, faults, write, start } = await follow(t)
  for (const name of ['a', 'b', 'c']) await write(`${name}/1/model.onnx`, name)
  const fault = new TypeError('undefined is not a function')
  faults.set('a', new Error('model.onnx: short', { cause: new Error('Load of /m/a failed:\n no graph\n') }))
  faults.set('b', new Error('b/1/model.onnx: undefined is not a function', { cause: fault }))
  faults.set('c', new Error('c/1/model.onnx: is empty', { cause: new Error('is empty') }))
  await start()
  t.strictSame(details, [
    { model: 'a', version: '1', cause: 'Load of /m/a failed: no graph' },
    { model: 'b', version: '1', err: fault },
    { model: 'c', version: '1' }
  ])
})
