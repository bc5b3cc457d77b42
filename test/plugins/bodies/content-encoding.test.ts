import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { chooseEncoding, compress, createInflater } from '../../../plugins/bodies/content-encoding.js'

t.test('answers are compressed only when gzip or deflate is asked for by name', async (t) => {
  const expected: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['*', undefined],
    ['identity', undefined],
    ['br, zstd', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate', 'deflate'],
    ['gzip, deflate, br', 'gzip'],
    ['deflate;q=0.9, gzip;q=0.5', 'deflate'],
    ['gzip;q=0', undefined],
    ['gzip;q=0, deflate;q=0.1', 'deflate'],
    ['gzip; q=0.5, identity', undefined],
    ['gzip;q=1, identity;q=0.5', 'gzip'],
    ['gzip;q=no', undefined]
  ]
  for (const [header, encoding] of expected) t.equal(chooseEncoding(header), encoding, String(header))
})

t.test('compressed answers can be read', async (t) => {
  const body = Buffer.from('a'.repeat(1000))
  t.strictSame(gunzipSync(await compress(body, 'gzip')), body)
  t.strictSame(inflateSync(await compress(body, 'deflate')), body)
})

t.test('gzip and zlib streams are undone, other encodings refused', async (t) => {
  const body = Buffer.from('tensor')
  for (const [encoding, bytes] of [['gzip', gzipSync(body)], [' X-GZIP ', gzipSync(body)], ['Deflate', deflateSync(body)]] as const) {
    const inflater = createInflater(encoding)
    inflater?.end(bytes)
    t.strictSame(inflater && await buffer(inflater), body, encoding)
  }
  for (const encoding of [undefined, '', 'identity']) t.equal(createInflater(encoding), undefined)
  for (const encoding of ['br', 'gzip, deflate', 'constructor']) t.throws(() => createInflater(encoding), { code: 'UNSUPPORTED_ENCODING', statusCode: 415 }, encoding)
})
