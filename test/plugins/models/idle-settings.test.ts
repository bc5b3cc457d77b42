import t from 'tap'
import { findIdleSettings } from '../../../plugins/models/idle-settings.js'
import { defaultConfig } from '../../../plugins/models/store/contents.js'
import { addModel, build, hold, makeStore } from '../../helper.js'
import { codeOf, column, deadlineIn } from '../inference/lanes.js'

const numbers = { zoo: 'fails-on-13' }
const usual = { threads: 2, merged: true, task: 'REGRESSION' } as const

t.test('settings that work say nothing', async (t) => {
  t.same(findIdleSettings(defaultConfig(), { ...usual, merged: false }), [])
  const { batching, ...config } = defaultConfig()
  t.same(findIdleSettings({ ...config, batching: { ...batching, max_delay_us: 5 }, instances: 2 }, usual), [])
  t.same(findIdleSettings({ ...config, batching, instances: 9, dedicated: true, response_style: 'label' }, { ...usual, task: 'BINARY_CLASSIFICATION' }), [])
})

t.test('what cannot have the effect that was asked for is a warning with its file and field', async (t) => {
  const store = await makeStore(t, {
    alone: { ...numbers, config: { batching: { max_rows: 1, max_delay_us: 5 } } },
    fixed: { zoo: 'torch-fixed-batch-of-1', config: { batching: { max_delay_us: 5 } } },
    many: { ...numbers, config: { instances: 3, default: true } },
    named: { ...numbers, config: { response_style: 'label', default: true } }
  })
  const app = await build(t, { MODEL_STORE: store, WORKERS: '2' })
  const { models, warnings } = (await app.inject('/models')).json()
  t.same(models.map(({ versions: [version] }: { versions: { warnings: string[] }[] }) => version?.warnings), [
    ['alone/model.json: batching.max_delay_us: has no effect, since batching.max_rows is 1'],
    ['fixed/model.json: batching.max_delay_us: has no effect, since requests for this model cannot share a run'],
    ['many/model.json: instances: asks for 3 threads, but the server has 2 (WORKERS); dedicated gives the model threads of its own'],
    ['named/model.json: response_style: label has no effect, since the task is REGRESSION']
  ])
  t.same(warnings, ['named/model.json: default is true, as it is in many/model.json, which comes first'])
  t.equal(app.models.defaultName, 'many')
})

t.test('a delay that outlasts the patience of the queue is refused', async (t) => {
  const store = await makeStore(t, { a: { ...numbers, config: { batching: { max_delay_us: 5000 }, queue: { timeout_ms: 5 } } } })
  const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })
  t.equal(app.models.entry('a').reason, 'a/model.json: batching.max_delay_us lets a request wait 5000 µs for company, but queue.timeout_ms ends it after 5 ms')
})

t.test('batching and queue of model.json reach the queue', async (t) => {
  const store = await makeStore(t)
  await addModel(store, 'merges', { ...numbers, config: { batching: { max_rows: 7 }, instances: 1 } })
  await addModel(store, 'waits', { ...numbers, config: { batching: { max_rows: 2, max_delay_us: 1_000_000 }, instances: 2 } })
  await addModel(store, 'short', { ...numbers, config: { queue: { max_rows: 2, timeout_ms: 3_600_000 } } })
  await addModel(store, 'hasty', { ...numbers, config: { queue: { timeout_ms: 1 } } })
  const app = await build(t, { MODEL_STORE: store, WORKERS: '2' })
  const infer = (name: string, x: number) => app.models.get(name).infer(column(x), deadlineIn())

  const merged = (await Promise.all(Array.from({ length: 20 }, (_, x) => infer('merges', x + 20)))).map(({ batchRows }) => batchRows)
  t.ok(Math.max(...merged) <= 7 && Math.max(...merged) > 1, `${merged}`)

  t.match(app.models.get('waits').lane.queue.options, { maxRows: 2, maxDelayUs: 1_000_000, instances: 2 })

  for (const name of ['short', 'hasty']) hold(app, name)
  t.equal(await codeOf(infer('hasty', 1)), 'DEADLINE_EXCEEDED')
  const gone = deadlineIn()
  const waiting = [1, 2].map((x) => codeOf(app.models.get('short').infer(column(x), gone)))
  t.equal(await codeOf(infer('short', 3)), 'QUEUE_FULL')
  gone.cancel()
  t.same(await Promise.all(waiting), ['CLIENT_GONE', 'CLIENT_GONE'])
})

t.test('response_style shapes the answers', async (t) => {
  const store = await makeStore(t, { list: { example: 'iris', config: { response_style: 'list', default: true } }, label: { example: 'iris', config: { response_style: 'label' } } })
  const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
  const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })
  const post = async (url: string) => (await app.inject({ method: 'POST', url, payload: record })).json().prediction
  t.same(await post('/predict'), [0])
  t.equal(await post('/models/list/predict'), 0, 'a typed face answers one record with one result')
  t.equal(await post('/models/label/predict'), 'setosa')
})
