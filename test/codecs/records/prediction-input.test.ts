import t from 'tap'
import { InputReader, type InputOptions } from '../../../codecs/records/prediction-input.js'
import type { InputLayout } from '../../../codecs/specification.js'
import { InvalidRequestError, RuleViolatedError } from '../../../errors.js'

const limits = { maxRows: 3, batchMax: 2, maxSamples: 2, maxErrors: 10 }

function layoutOf (...names: string[]): InputLayout {
  return {
    inputs: [{ name: 'x', type: 'float32', dims: [-1, names.length] }],
    kind: 'columns',
    width: names.length,
    features: names.map((name, column) => ({ name, type: 'numeric', input: 0, column, size: 1, default: 0 }))
  }
}

function create (names: string[], rules: InputOptions['rules'] = []): InputReader {
  return new InputReader({ layout: layoutOf(...names), rules, limits })
}

const reader = create(['age', 'income'])

t.test('reading a body says how long it took to check and to write', async (t) => {
  const { validateMs, preprocessMs } = reader.read({ age: 1 }, 'predict', false)
  t.ok(validateMs > 0 && preprocessMs > 0)
})

t.test('with a feature called features or instances the forms of that name are records', async (t) => {
  const features = create(['features', 'age'])
  t.match(features.read({ features: 5, age: 1 }, 'predict', false), { rows: 1, list: false, positional: false, tensors: [{ data: Float32Array.of(5, 1) }] })
  t.throws(() => features.read({ features: [5, 1] }, 'predict', false), { constructor: InvalidRequestError, errors: [{ path: '/features' }] })
  const instances = create(['instances', 'age'])
  for (const face of ['predict', 'record', 'complete'] as const) t.match(instances.read({ instances: 5 }, face, false), { list: false, tensors: [{ data: Float32Array.of(5, 0) }] }, face)
})

t.test('samples are counted and checked, and otherwise nothing', async (t) => {
  const data = reader.read({ _data: { age: 1 } }, 'predict', false)
  for (const samples of [{}, { age: 2, other: 1 }, [{}, { age: null }]]) {
    t.match(reader.read({ _data: { age: 1 }, _samples: samples }, 'predict', false), { tensors: data.tensors, rows: 1, list: false }, JSON.stringify(samples))
  }
  for (const [samples, path] of [[[{}, {}, {}], '/_samples'], [[], '/_samples'], [null, '/_samples'], ['x', '/_samples'], [[{}, 1], '/_samples/1'], [{ age: 'x' }, '/_samples/age'], [[{}, { age: 'x' }], '/_samples/1/age']] as const) {
    for (const face of ['predict', 'complete'] as const) {
      t.throws(() => reader.read({ _data: { age: 1 }, _samples: samples }, face, false), { constructor: InvalidRequestError, errors: [{ path }] }, `${face} ${JSON.stringify(samples)}`)
    }
  }
  t.throws(() => reader.read({ _data: {}, _samples: {} }, 'record', true), { errors: [{ path: '/_data' }, { path: '/_samples' }] }, 'the typed faces know neither')
})

t.test('rules are for what is predicted or shown, not for samples', async (t) => {
  const ruled = create(['age'], [{ message: 'age must be positive', logic: { '>': [{ var: 'age' }, 0] } }])
  t.match(ruled.read({ _data: [{ age: 1 }], _samples: [{ age: -1 }] }, 'predict', false), { rows: 1, list: true })
  for (const [face, body, path] of [['predict', { _data: [{ age: 1 }, { age: -1 }] }, '/_data/1'], ['complete', { instances: [[1], [-1]] }, '/instances/1'], ['predict', { features: [-1] }, '/features']] as const) {
    t.throws(() => ruled.read(body, face, false), { constructor: RuleViolatedError, errors: [{ path }] }, JSON.stringify(body))
  }
})

t.test('what is shown are records with their defaults, whatever the form', async (t) => {
  for (const body of [{ age: 1 }, [{ age: 1 }], { _data: { age: 1 } }, { features: [1, null] }, { instances: [[1, 0]] }, { instances: [{ age: 1 }] }]) {
    t.match(reader.read(body, 'complete', false), { rows: 1, records: [{ age: 1, income: 0 }], tensors: [{ data: Float32Array.of(1, 0) }] }, JSON.stringify(body))
  }
  t.match(reader.read([], 'complete', false), { rows: 0, records: [], tensors: [] })
  t.notOk('records' in reader.read({ age: 1 }, 'predict', false))
})
