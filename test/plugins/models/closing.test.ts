import t from 'tap'
import { DrainingError } from '../../../errors.js'
import { untilClosing } from '../../../plugins/models/closing.js'
import type { Model } from '../../../plugins/models/model.js'
import { preflight } from '../../../plugins/models/preflight.js'
import { addModel, build, create, makeStore, zooPath } from '../../helper.js'
import { codeOf } from '../inference/lanes.js'

function fake () {
  const state = { closed: 0 }
  return { state, model: { close: async () => { state.closed++ } } as unknown as Model }
}

t.test('a model that is there before the end is given and kept', async (t) => {
  const end = new AbortController()
  const { model, state } = fake()
  t.equal(await untilClosing(Promise.resolve(model), end.signal), model)
  end.abort()
  await t.rejects(untilClosing(Promise.reject(new Error('broken')), new AbortController().signal), { message: 'broken' })
  t.equal(state.closed, 0)
})

t.test('loading that never ends is given up, and a model that comes late is released', async (t) => {
  const end = new AbortController()
  const { model, state } = fake()
  const late = Promise.withResolvers<Model>()
  const waiting = [new Promise<Model>(() => {}), late.promise].map((loading) => untilClosing(loading, end.signal))
  end.abort()
  for (const one of waiting) await t.rejects(one, DrainingError)
  late.resolve(model)
  await late.promise
  t.equal(state.closed, 1)
})

t.test('what fails late is nobody\'s business any more', async (t) => {
  const end = new AbortController()
  const late = Promise.withResolvers<Model>()
  const waiting = untilClosing(late.promise, end.signal)
  end.abort()
  late.reject(new Error('the thread is gone'))
  await t.rejects(waiting, DrainingError)
})

t.test('an application that is closed while its models are being loaded ends, whatever its threads were about to do', async (t) => {
  const store = await makeStore(t, Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { zoo: 'random-forest' }])))
  for (const WORKERS of ['1', '2']) {
    const app = await create(t, { MODEL_STORE: store, WORKERS })
    await app.ready()
    await app.close()
    await app.models.settled()
    for (const { name } of app.models.list()) t.equal(await codeOf((async () => app.models.get(name))()), 'MODEL_NOT_READY')
    t.equal(app.models.unready, 'the server is shutting down')
  }
})

t.test('so does one that looks at a new model in another process', async (t) => {
  const store = await makeStore(t, { a: { zoo: 'fails-on-13' } })
  const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })
  await addModel(store, 'b', { zoo: 'random-forest' })
  const [reloaded, loaded] = [app.models.reload(), codeOf(app.models.load('b'))]
  await app.close()
  await Promise.all([reloaded, app.models.settled()])
  t.equal(await loaded, 'DRAINING')
})

t.test('the other process ends at once', async (t) => {
  const path = zooPath('random-forest')
  const end = new AbortController()
  const opened = preflight({ key: 'k', path, folder: path }, 600_000, end.signal)
  end.abort()
  await t.rejects(opened)
  await t.rejects(preflight({ key: 'k', path, folder: path }, 600_000, end.signal))
})
