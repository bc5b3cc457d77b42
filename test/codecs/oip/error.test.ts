import t from 'tap'
import { OipError } from '../../../codecs/oip/error.js'

t.test('a message is kept as it is when it is short', async (t) => {
  const error = new OipError('Größe 😀')
  t.equal(error.message, 'Größe 😀')
  t.equal(error.statusCode, 400)
  t.equal(error.name, 'OipError')
  t.ok(error instanceof Error)
})

t.test('a message is cut to 2 KiB of UTF-8 between characters', async (t) => {
  t.equal(new OipError('a'.repeat(5000)).message, 'a'.repeat(2048))
  t.equal(new OipError('€'.repeat(5000)).message, '€'.repeat(682))
  t.equal(new OipError('a' + '😀'.repeat(5000)).message, 'a' + '😀'.repeat(511))
})

t.test('a lone surrogate is replaced', async (t) => {
  t.equal(new OipError('x\ud800y').message, 'x\ufffdy')
})
