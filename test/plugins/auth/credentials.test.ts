import t from 'tap'
import { Credentials, readBearer } from '../../../plugins/auth/credentials.js'

t.test('only what is among them is found', async (t) => {
  const credentials = new Credentials(['first', 'second', 'third'])
  for (const text of ['first', 'second', 'third']) t.equal(credentials.has(text), true, text)
  for (const text of [undefined, '', 'firs', 'first ', 'First', 'firstsecond', 'fourth']) t.equal(credentials.has(text), false, text ?? 'nothing')
})

t.test('a token is read from the header that it has for itself', async (t) => {
  for (const header of ['Bearer a', 'bearer a', 'BEARER   a  ']) t.equal(readBearer(header), 'a', header)
  for (const header of [undefined, '', 'a', 'Bearer', 'Bearer ', 'Basic a', 'Bearer a b', 'xBearer a']) t.equal(readBearer(header), undefined, header ?? 'nothing')
})
