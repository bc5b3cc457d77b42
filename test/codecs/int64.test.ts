import t from 'tap'
import { isLongInteger, toJsonInteger } from '../../codecs/int64.js'

t.test('An integer is a JSON number up to 2^53 - 1, a decimal string beyond', async (t) => {
  t.equal(toJsonInteger(-5n), -5)
  t.equal(toJsonInteger(9007199254740991n), 9007199254740991)
  t.equal(toJsonInteger(9007199254740992n), '9007199254740992')
  t.equal(toJsonInteger(-9007199254740992n), '-9007199254740992')
})

t.test('A decimal string is taken only for what a JSON number would round, within the type', async (t) => {
  for (const text of ['9007199254740992', '-9007199254740992', '9223372036854775807', '-9223372036854775808']) t.ok(isLongInteger(text, 'int64'), text)
  for (const text of ['9007199254740991', '-9007199254740991', '9223372036854775808', '-9223372036854775809', '09007199254740993', '1e19', '']) t.notOk(isLongInteger(text, 'int64'), text)
  t.ok(isLongInteger('18446744073709551615', 'uint64'))
  t.notOk(isLongInteger('18446744073709551616', 'uint64'))
  t.notOk(isLongInteger('-9007199254740993', 'uint64'))
})
