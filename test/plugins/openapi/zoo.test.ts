import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { build, makeStore, typedInstance } from '../../helper.js'
import { Promised } from './promise.js'
import { readDocument } from './read-document.js'

const zoo = join(import.meta.dirname, '../../fixtures/zoo')
const unanswered = ['broken', 'stuck', 'slow', 'not-finite']
const names = readdirSync(zoo).filter((name) => !unanswered.includes(name))

function readRows (name: string): unknown[] {
  const { rows }: { rows: unknown[] } = JSON.parse(readFileSync(join(zoo, name, 'expected.json'), 'utf8'), (_, value) => value === 'NaN' ? null : value)
  return rows.slice(0, 3)
}

t.test('What bare exports answer is as documented', async (t) => {
  // This one declares a single column for its three targets.
  const files = { 'metadata.json': { schema: 1, target_names: ['weight', 'waist', 'pulse'] } }
  const store = await makeStore(t, Object.fromEntries(names.map((name) => [name, { zoo: name, ...(name === 'random-forest-3-targets' && { files }) }])))
  const app = await build(t, { MODEL_STORE: store, MAX_EVENT_LOOP_DELAY_MS: 0 })
  const promised = new Promised(await readDocument(app))
  for (const name of names) {
    const rows = readRows(name).map((row) => typedInstance(app, name, row))
    const [first] = rows
    const single = await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: Array.isArray(first) ? { features: first } : Object(first) })
    const batch = await app.inject({ method: 'POST', url: `/models/${name}/predict/batch`, payload: { instances: rows } })
    t.equal(single.statusCode, 200, name)
    t.equal(batch.statusCode, 200, name)
    t.equal(promised.body('POST', `/models/${name}/predict`)(Array.isArray(first) ? { features: first } : first), true, `${name} documents what it takes`)
    t.equal(promised.body('POST', `/models/${name}/predict/batch`)({ instances: rows }), true, `${name} documents what it takes`)
    if (Array.isArray(first)) {
      t.equal(promised.body('POST', `/models/${name}/predict`)(first), true, `${name} documents the row alone`)
      t.equal((await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: first })).statusCode, 200, name)
    } else {
      const row = { features: Object.values(Object(first)) }
      t.equal(promised.body('POST', `/models/${name}/predict`)(row), false, `${name} documents records`)
      t.equal((await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: row })).statusCode, 400, name)
    }
    t.strictSame(promised.faults('POST', `/models/${name}/predict`, single), [], name)
    t.strictSame(promised.faults('POST', `/models/${name}/predict/batch`, batch), [], name)
  }
})
