import { Type, type Static } from '@sinclair/typebox'

export const GoldenCaseSchema = Type.Object({
  input: Type.Unsafe<Record<string, unknown> | unknown[]>({ type: ['object', 'array'], title: 'a record or a row', description: 'A record by feature name, or a positional row; null is a missing value.' }),
  expect: Type.Object({
    prediction: Type.Unknown({ description: 'As the model is served: a number, a label, a list or an object of outputs.' }),
    probabilities: Type.Optional(Type.Unsafe<Record<string, number> | number[]>({
      type: ['object', 'array'],
      additionalProperties: { type: 'number' },
      items: { type: 'number' },
      title: 'numbers by class name, or a list of them',
      description: 'By class name, or by position of the class.'
    }))
  })
})
export type GoldenCase = Static<typeof GoldenCaseSchema>

/** `tests.json`: predictions that a version must reproduce before it may serve. */
export const GoldenTestsSchema = Type.Object({
  tolerance: Type.Number({ minimum: 0, default: 1e-4, description: 'Largest difference allowed, times max(1, |expected|).' }),
  cases: Type.Array(GoldenCaseSchema, { minItems: 1 })
}, { title: 'tests.json' })
export type GoldenTests = Static<typeof GoldenTestsSchema>
