import { Ajv } from 'ajv'
import t from 'tap'
import { BackgroundSchema, toRecords } from '../../schemas/background.js'

const validate = new Ajv({ allowUnionTypes: true }).compile(BackgroundSchema)

t.test('rows hold numbers, strings, booleans and null for a missing value', async (t) => {
  t.equal(validate({ columns: ['a', 'b'], rows: [[1.5, 'x'], [true, null]] }), true)
})

t.test('columns are named once and there is at least one row', async (t) => {
  const rows = [[1]]
  for (const value of [{ rows }, { columns: ['a'] }, { columns: [], rows }, { columns: ['a', 'a'], rows }, { columns: [''], rows }, { columns: ['a'], rows: [] }, { columns: ['a'], rows: [1] }, { columns: ['a'], rows: [[[1]]] }]) {
    t.equal(validate(value), false, JSON.stringify(value))
  }
})

t.test('rows are records by the names of their columns', async (t) => {
  t.same(toRecords({ columns: ['a', '1'], rows: [[1, 'x'], [null, true]] }), [{ a: 1, 1: 'x' }, { a: null, 1: true }])
})
