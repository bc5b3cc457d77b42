import t from 'tap'
import { BodyCollector } from '../../../plugins/bodies/body-collector.js'

const bytes = (length: number, start = 0) => Buffer.from(Array.from({ length }, (_, index) => (start + index) % 251))

function collect (chunks: Buffer[], { limit = 1e6, expected, head }: { limit?: number, expected?: number, head: number }) {
  const collector = new BodyCollector({ limit, expected, split: () => head })
  for (const chunk of chunks) collector.add(chunk)
  return collector.finish()
}

t.test('head and tail are the same however the body is cut into chunks and whether or not its length is known', async (t) => {
  const body = bytes(1000)
  for (const head of [0, 1, 155, 999, 1000]) {
    for (const size of [1, 7, 155, 156, 500, 1000]) {
      const chunks = Array.from({ length: Math.ceil(1000 / size) }, (_, index) => body.subarray(index * size, (index + 1) * size))
      for (const expected of [undefined, 1000]) {
        const parts = collect(chunks, { head, ...(expected !== undefined && { expected }) })
        t.strictSame([parts.head, parts.tail], [body.subarray(0, head), body.subarray(head)], `${head} ${size} ${expected}`)
      }
    }
  }
})

t.test('a tail that came in several chunks fills its buffer, so that a tensor can take it over', async (t) => {
  for (const expected of [undefined, 2000]) {
    const { tail } = collect([bytes(600), bytes(1400)], { head: 155, ...(expected !== undefined && { expected }) })
    t.equal(tail.byteOffset, 0)
    t.equal(tail.buffer.byteLength, 2000 - 155)
  }
})

t.test('no chunk of a body of unknown length is kept, however small it is', async (t) => {
  const length = 100_000
  for (const limit of [length, 1e6]) {
    for (const head of [155, length]) {
      const collector = new BodyCollector({ limit, expected: undefined, split: () => head })
      const chunk = Buffer.alloc(1)
      let kept = 0
      for (let index = 0; index < length; index++) {
        chunk[0] = index % 251
        if (!collector.add(chunk)) kept++
      }
      t.equal(kept, 0)
      const parts = collector.finish()
      t.strictSame([parts.head, parts.tail], [bytes(head), bytes(length - head, head)])
      t.same([parts.tail.byteOffset, parts.tail.buffer.byteLength], [0, length - head])
    }
  }
})

t.test('a body of known length that came in one piece is not copied while it is small', async (t) => {
  const body = bytes(1000)
  const { head, tail } = collect([body], { head: 155, expected: 1000 })
  t.same([head.buffer === body.buffer, tail.buffer === body.buffer], [true, true])
})

t.test('a body without chunks has two empty parts', async (t) => {
  t.strictSame(collect([], { head: 0 }), { head: Buffer.alloc(0), tail: Buffer.alloc(0) })
})

t.test('a body is refused as soon as it is known to be too large', async (t) => {
  const tooLarge = { code: 'PAYLOAD_TOO_LARGE' }
  t.throws(() => new BodyCollector({ limit: 10, expected: 11, split: () => 0 }), tooLarge)
  const collector = new BodyCollector({ limit: 10, expected: undefined, split: () => 0 })
  collector.add(bytes(10))
  t.throws(() => collector.add(bytes(1)), tooLarge)
})

t.test('a head that does not fit is refused before the body comes when its length is known, else after', async (t) => {
  const split = () => { throw new RangeError('no such head') }
  t.throws(() => new BodyCollector({ limit: 10, expected: 5, split }), RangeError)
  const collector = new BodyCollector({ limit: 10, expected: undefined, split })
  t.throws(() => collector.finish(), RangeError)
})
