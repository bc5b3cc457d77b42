import t from 'tap'
import type { Field } from '../../../routes/home/form.js'
import { placeFaults, readRecord, readRows } from '../../../routes/home/request.js'

function field (name: string, kind: Field['kind'], more: Partial<Field> = {}): Field {
  return { name, kind, required: false, hint: '', empty: 'missing', initial: '', options: [], ...more }
}

const fields = [
  field('number', 'number'), field('integer', 'integer'), field('text', 'text'), field('note', 'text', { required: true }),
  field('choice', 'choice', { options: ['a', 2, true] }), field('vector', 'json')
]

function read (texts: Record<string, string | undefined>) {
  return readRecord(fields, (name) => name in texts ? texts[name] : '')
}

t.test('texts become values of their kinds, and what is empty is left out', (t) => {
  t.same(read({ number: '1.5', integer: ' -3 ', text: 'a', note: ' b', choice: '1', vector: '[1, [2]]' }), {
    record: { number: 1.5, integer: -3, text: 'a', note: ' b', choice: 2, vector: [1, [2]] }, faults: []
  })
  t.same(read({}), { record: { note: '' }, faults: [] }, 'a text that must be there may be empty')
  t.same(read({ choice: '2', number: '0', vector: 'null' }).record, { number: 0, note: '', choice: true, vector: null })
  t.same(read({ integer: '9007199254740993' }).record, { integer: '9007199254740993', note: '' }, 'digits that a number would round')
  t.same(read({ number: '1e400', vector: '[1e400]' }).record, { number: '1e400', vector: ['1e400'], note: '' }, 'what JSON would make null of')
  t.same(read({ integer: '2.5', number: '1e3' }).record, { integer: 2.5, number: 1000, note: '' }, 'whether that is an integer is for the server to say')
  t.end()
})

t.test('texts that have no such value are faults at their fields', (t) => {
  t.same(read({ number: 'x', integer: undefined, vector: '[1,' }), {
    record: { note: '' },
    faults: [{ path: '/number', message: 'must be a number' }, { path: '/integer', message: 'must be a number' }, { path: '/vector', message: 'must be JSON, such as [1, 2, 3]' }]
  })
  t.same(readRecord([field('a/b~c', 'number')], () => 'x').faults[0]?.path, '/a~1b~0c')
  t.same(Object.entries(readRecord([field('__proto__', 'number')], () => '1').record), [['__proto__', 1]])
  t.end()
})

t.test('rows are values in order, one row per line, or JSON', (t) => {
  const single = (text: string) => {
    const { face, body } = readRows(text)
    t.equal(face, 'predict', text)
    return body
  }
  for (const text of ['5.1, 3.5, 1.4', '5.1 3.5 1.4\n', '5.1;3.5;1.4', '\n5.1\t3.5\t1.4', '[5.1, 3.5, 1.4]']) t.same(single(text), [5.1, 3.5, 1.4])
  t.same(single('1, , red, true'), [1, null, 'red', true])
  t.same(single('7'), [7])
  t.strictSame([single('null'), single('1, null'), single('NULL, nan')], [[null], [1, null], ['NULL', 'nan']])
  t.strictSame([single('1e400'), single('1, -1e400'), single('[1e400, [1]]')], [['1e400'], [1, '-1e400'], ['1e400', [1]]], 'JSON has no infinity, and null is something else')
  t.same(single('"red"'), ['red'])
  t.same(single('{\n "x": [1]\n}'), { x: [1] })
  t.same(single('[[1, 2], [3, 4]]'), [[1, 2], [3, 4]])
  t.same(readRows('7\nnull').body, { instances: [[7], [null]] })
  t.same(readRows('1, 2\n\n[3, 4]'), { face: 'predict/batch', body: { instances: [[1, 2], [3, 4]] } })
  t.end()
})

t.test('the errors of a problem stand at their fields, the others in general', (t) => {
  const { byField, general } = placeFaults({
    detail: '5 fields are invalid',
    errors: [
      { path: '/a', message: 'is required' }, { path: '/a/1/2', message: 'must be a number' }, { path: '/b~1c', message: 'is too high' },
      { path: '/ab', message: 'is not a feature' }, { path: '', message: 'must be a record' }
    ]
  }, ['a', 'b/c'])
  t.same([...byField], [['a', 'is required\n/1/2 must be a number'], ['b/c', 'is too high']])
  t.same(general, ['/ab is not a feature', 'must be a record'])
  t.same(placeFaults({ detail: 'too many rows wait', errors: [] }, ['a']).general, ['too many rows wait'])
  t.same(placeFaults({}, []).general, ['The server gave no reason.'])
  t.end()
})
