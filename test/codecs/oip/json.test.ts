import t from 'tap'
import { parseJson, parseJsonWithDigits } from '../../../codecs/oip/json.js'

const parse = (text: string) => parseJson(Buffer.from(text))
const parseDigits = (text: string) => parseJsonWithDigits(Buffer.from(text))

t.test('valid JSON is parsed as it stands', async (t) => {
  t.same(parse('{"a":[1,"NaN",null]}'), { a: [1, 'NaN', null] })
  t.same(parse('\ufeff[1]'), [1])
})

t.test('bare NaN is null and bare infinities are infinite', async (t) => {
  t.same(parse('[NaN,-NaN, Infinity ,-Infinity,1]'), [null, null, 'Infinity', '-Infinity', 1])
  t.same(parse('{"NaN":NaN,"a\\"":"NaN, \\\\\\" NaN","b\\\\":NaN}'), { NaN: null, 'a"': 'NaN, \\" NaN', 'b\\': null })
  t.same(parse('["Infinity",[Infinity]]'), ['Infinity', ['Infinity']])
})

t.test('what only resembles a non-finite number is refused', async (t) => {
  for (const text of ['[1.NaN]', '[1.Infinity]', '[1e-Infinity]', '[--Infinity]', '[NaN5]', '[Infinity.5]', '[+NaN]', '[xNaN]', '[nan]', '["NaN,NaN', '"NaN\\']) {
    t.throws(() => parse(text), { name: 'OipError', statusCode: 400, message: /^failed to parse the request JSON buffer/ }, text)
  }
})

t.test('broken JSON and broken UTF-8 are refused with a bounded message', async (t) => {
  for (const text of ['', '{', '[1,]', '{"a" 1}', '[1] 2']) t.throws(() => parse(text), { name: 'OipError' }, text)
  t.throws(() => parseJson(Uint8Array.of(34, 0xff, 34)), { name: 'OipError', message: /not valid UTF-8/ })
})

t.test('long integers are strings of their digits in the exact form', async (t) => {
  const text = '{"a":[9007199254740993,-9223372036854775808,1],"b":"9007199254740993 \\"9007199254740993","c":{"1234567890123456789":0}}'
  t.same(parse(text), { a: [9007199254740992, -9223372036854775808, 1], b: '9007199254740993 "9007199254740993', c: { '1234567890123456789': 0 } })
  t.same(parseDigits(text), { a: ['9007199254740993', '-9223372036854775808', 1], b: '9007199254740993 "9007199254740993', c: { '1234567890123456789': 0 } })
})

t.test('fractions and powers are not integers in the exact form', async (t) => {
  const text = '[1.12345678901234567890,1234567890123456789.5,12345678901234567890e1,12345678901234567890E1,1e00000000000000001,1e+00000000000000001,-1.12345678901234567890,1e-00000000000000001]'
  t.same(parseDigits(text), JSON.parse(text))
})

t.test('the exact form knows non-finite numbers too', async (t) => {
  t.same(parseDigits('[NaN,9007199254740993]'), [null, '9007199254740993'])
})
