import t from 'tap'
import { freeMemory } from '../../../plugins/bodies/memory.js'

t.test('memory is given back only by whom it belongs to alone', async (t) => {
  const whole = new Uint8Array(100)
  const part = new Uint8Array(100).subarray(1)
  const shared = new Uint8Array(new SharedArrayBuffer(100))
  const none = new Uint8Array(0)
  for (const bytes of [whole, part, shared, none]) freeMemory(bytes)
  t.same([whole, part, shared, none].map(({ byteLength }) => byteLength), [0, 99, 100, 0])
  t.notOk(none.buffer instanceof ArrayBuffer && none.buffer.detached)
})
