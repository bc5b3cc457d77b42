import t from 'tap'
import { describe, mismatch, nearestName, pointer, refuse } from '../../../codecs/records/field-errors.js'

t.test('A pointer escapes ~ and /', async (t) => {
  t.equal(pointer('/instances/1', 'a/b~c'), '/instances/1/a~1b~0c')
  t.equal(pointer('', 3), '/3')
})

t.test('A value is described by short JSON and its type', async (t) => {
  t.equal(describe('abc'), '"abc" (string)')
  t.equal(describe(3.5), '3.5')
  t.equal(describe(null), 'null')
  t.equal(describe(true), 'true (boolean)')
  t.equal(describe([1, 'a', [null]]), '[1,"a",[null]] (array of 3)')
  t.equal(describe({ a: { b: { c: { d: 1 } } } }), '{"a":{"b":{"c":{…}}}} (object)')
  t.equal(describe([[[[1]]]]), '[[[[…]]]] (array of 1)')
  t.equal(describe(Array.from({ length: 1000 }, (_, index) => index)), '[0,1,2,3,4,5,6,7,…] (array of 1000)')
  t.ok(describe('x'.repeat(1e6)).length < 100)
})

t.test('The detail names the only field, else counts them', async (t) => {
  t.equal(refuse([mismatch('/instances/1/income', 'number', 'x')]).message, 'instances/1/income must be a number')
  t.equal(refuse([mismatch('', 'object', 'x')]).message, 'The body must be an object')
  t.equal(refuse([mismatch('/a', 'number', 'x'), mismatch('/b', 'integer', 'x')]).message, '2 fields are invalid')
  t.equal(refuse([mismatch('/a', 'number', 'x')], { detail: 'Expected 4 features' }).message, 'Expected 4 features')
  t.equal(refuse([mismatch('/4', 'number', 'x')], { noun: 'value' }).message, 'value 4 must be a number')
  t.equal(refuse([mismatch('/4', 'object', 'x')], { noun: 'row' }).message, 'row 4 must be an object')
  t.equal(refuse([mismatch('/4/a~1b', 'number', 'x')], { noun: 'row' }).message, 'row 4: a/b must be a number')
  t.equal(refuse([mismatch('', 'object', 'x')], { noun: 'row' }).message, 'The body must be an object')
  t.equal(refuse([]).message, 'The request is invalid')
})

t.test('What was found beyond those that are listed is told, and that there may be more', async (t) => {
  const two = [mismatch('/a', 'number', 'x'), mismatch('/b', 'integer', 'x')]
  t.match(refuse(two, { most: 2 }), { message: '2 fields are invalid', errors: two })
  const cut = refuse(two, { most: 1 })
  t.strictSame([cut.message, cut.errors], ['At least 2 fields are invalid', two.slice(0, 1)])
  t.strictSame(refuse(two, { most: 1, detail: 'Expected 4 features' }).errors, two.slice(0, 1))
})

t.test('The nearest name is offered when it is near', async (t) => {
  t.equal(nearestName('incme', ['age', 'income', 'outcome']), 'income')
  t.equal(nearestName('AGE', ['age', 'income']), 'age')
  t.equal(nearestName('colour', ['age', 'income']), undefined)
  t.equal(nearestName('kitten', ['sitting', 'mitten', 'smitten']), 'mitten')
  t.equal(nearestName('a', ['abc', 'ab']), 'ab')
  t.equal(nearestName('abcdef', ['abc']), undefined)
  t.equal(nearestName('x'.repeat(100), ['x'.repeat(99)]), undefined)
})
