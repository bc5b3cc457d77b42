import t from 'tap'
import type { ModelSpecification } from '../../../codecs/specification.js'
import { enumSchema, predictionSchema } from '../../../plugins/openapi/values.js'

const layout = { inputs: [], kind: 'columns' } as const
const base = { layout: { ...layout, inputs: [] }, labelFromProbabilities: false, batchable: true }

function specify (specification: Partial<ModelSpecification>): ModelSpecification {
  return { ...base, outputs: [], roles: {}, task: 'OTHER', ...specification }
}

t.test('Labels are listed once, with their type', async (t) => {
  t.strictSame(enumSchema([1, 2, 2]), { type: 'integer', enum: [1, 2] })
  t.strictSame(enumSchema([0.5, 1]), { type: ['number', 'integer'], enum: [0.5, 1] })
  t.strictSame(enumSchema(['a', 'b']), { type: 'string', enum: ['a', 'b'] })
})

t.test('A classifier predicts one of its labels', async (t) => {
  const label = { name: 'label', type: 'int64', dims: [-1] } as const
  const outputs = [{ ...label, dims: [-1] }]
  const task = 'BINARY_CLASSIFICATION'
  t.strictSame(predictionSchema(specify({ task, outputs, roles: { label: 0 }, classes: [-1, 1] }), true), { type: 'integer', enum: [-1, 1] })
  t.strictSame(predictionSchema(specify({ task, outputs, roles: { logits: 0 }, classes: ['a', 'b'] }), true), { type: 'string', enum: ['a', 'b'] })
  t.strictSame(predictionSchema(specify({ task, outputs, roles: { logits: 0 } }), true), { type: 'integer', minimum: 0 })
  t.match(predictionSchema(specify({ task, outputs, roles: { label: 0 } }), true), { type: ['integer', 'string'] })
  t.match(predictionSchema(specify({ task, outputs, roles: { label: 0 }, classes: ['a', 'b'] }), true), { type: ['integer', 'string'] }, 'names do not turn numbers into texts')
})

t.test('A regression predicts a number, a list or an object of targets', async (t) => {
  const of = (dims: number[], targetNames?: string[]) => predictionSchema(specify({
    task: 'REGRESSION', roles: { value: 0 }, outputs: [{ name: 'y', type: 'float32', dims }], ...(targetNames && { targetNames })
  }), true)
  const number = { type: 'number' }
  t.strictSame(of([-1, 1]), number)
  t.strictSame(of([-1]), { anyOf: [number, { type: 'array', items: number }] })
  t.strictSame(of([-1, 3]), { type: 'array', items: number, minItems: 3, maxItems: 3 })
  t.strictSame(of([-1, -1]), { anyOf: [number, { type: 'array', items: number }] })
  const named = { type: 'object', properties: { a: number, b: number }, required: ['a', 'b'], additionalProperties: false }
  t.strictSame(of([-1, 2], ['a', 'b']), named)
  t.strictSame(of([-1, 1], ['a', 'b']), named, 'names go before the declared width')
  t.strictSame(of([-1, 1], ['a']), number)
})

t.test('Other models answer their outputs by name', async (t) => {
  const outputs: ModelSpecification['outputs'] = [
    { name: 'a', type: 'float32', dims: [-1, 1] },
    { name: 'b', type: 'string', dims: [-1, 2, -1] },
    { name: 'c', type: 'bool', dims: [-1] },
    { name: 'd', type: 'uint8', dims: [] }
  ]
  t.match(predictionSchema(specify({ outputs }), true), {
    properties: {
      a: { type: 'number' },
      b: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'array', items: { type: 'string' } } },
      c: { type: 'boolean' },
      d: { type: undefined }
    },
    required: ['a', 'b', 'c', 'd'],
    additionalProperties: false
  })
  t.match(predictionSchema(specify({ outputs }), false), { properties: { a: { type: undefined } } }, 'the shapes of rows that depend on each other are not known')
})
