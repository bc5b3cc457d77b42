import t from 'tap'
import { createId } from '../../plugins/request-id.js'

t.test('ids are UUIDv7, differ and sort, however many are made in a millisecond and wherever the clock goes', async (t) => {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  const start = now() + 1000
  const ids: string[] = []
  for (const time of [start, start - 5000, start, start + 1]) {
    Date.now = () => time
    for (let made = 0; made < 5000; made++) ids.push(createId())
  }
  t.same(ids.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)), [])
  t.equal(new Set(ids).size, ids.length)
  t.same(ids, ids.toSorted())
  t.equal(parseInt(ids[0]?.replace('-', '').slice(0, 12) ?? '', 16), start)
})
