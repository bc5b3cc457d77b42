import { Ajv } from 'ajv'
import t from 'tap'
import { GoldenTestsSchema } from '../../schemas/golden-tests.js'

const validate = new Ajv({ allowUnionTypes: true, useDefaults: true }).compile(GoldenTestsSchema)

t.test('a case has a record or a row, a prediction of any form, and probabilities as a map or a list', async (t) => {
  const value = {
    cases: [
      { input: { a: 1 }, expect: { prediction: 'setosa', probabilities: { setosa: 1, other: 0 } } },
      { input: [1, null], expect: { prediction: [1, 2], probabilities: [0.5, 0.5] } },
      { input: [], expect: { prediction: null } }
    ]
  }
  t.equal(validate(value), true)
  t.match(value, { tolerance: 1e-4 })
})

t.test('a case that tests nothing is refused', async (t) => {
  const refused = [{ cases: [] }, { cases: [{ input: 1, expect: { prediction: 1 } }] }, { cases: [{ input: [1] }] }, { cases: [{ input: [1], expect: {} }] }]
  for (const value of refused) t.equal(validate(value), false, JSON.stringify(value))
  t.equal(validate({ tolerance: -1, cases: [{ input: [1], expect: { prediction: 1 } }] }), false)
  t.equal(validate({ cases: [{ input: [1], expect: { prediction: 1, probabilities: { a: '1' } } }] }), false)
})
