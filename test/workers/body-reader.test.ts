import t from 'tap'
import type { InputOptions } from '../../codecs/records/prediction-input.js'
import type { ReadResult } from '../../workers/contract.js'
import { BodyReader } from '../../workers/body-reader.js'

const options: InputOptions = {
  layout: {
    inputs: [{ name: 'x', type: 'float32', dims: [-1, 2] }],
    kind: 'columns',
    width: 2,
    features: [
      { name: 'age', type: 'numeric', input: 0, column: 0, size: 1 },
      { name: 'income', type: 'numeric', input: 0, column: 1, size: 1, default: 7 }
    ]
  },
  rules: [{ message: 'age must be positive', logic: { '>': [{ var: 'age' }, 0] } }],
  limits: { maxRows: 3, batchMax: 2, maxSamples: 2, maxErrors: 10 }
}

const reader = new BodyReader()

function read (text: string, strict = true, key = 'a', own = options): ReadResult {
  return reader.read({ body: Buffer.from(text), options: own, key, face: 'batch', strict })
}

t.test('a body becomes tensors', async (t) => {
  t.match(read('{"instances": [{"age": 1, "income": 2}, {"age": 3}]}'), {
    input: { rows: 2, tensors: [{ name: 'x', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 7) }] }
  })
})

t.test('what is wrong with a body comes back as a value that survives the way between threads', async (t) => {
  const refusals: [string, object][] = [
    ['{"instances": [', { code: 'INVALID_JSON', errors: [] }],
    ['{"instances": [{"age": "old"}]}', { code: 'INVALID_REQUEST', errors: [{ path: '/instances/0/age' }] }],
    ['{"instances": [{"age": 1, "color": 1}]}', { code: 'INVALID_REQUEST', errors: [{ path: '/instances/0/color' }] }],
    ['{"instances": [{"age": 1}, {"age": 1}, {"age": 1}]}', { code: 'INVALID_REQUEST' }],
    ['{"instances": [{"age": 1}, {"age": -1}]}', { code: 'RULE_VIOLATED' }],
    ['[[1, 2]]', { code: 'INVALID_REQUEST' }]
  ]
  for (const [text, refusal] of refusals) {
    const result = read(text)
    t.match(result, { refusal }, text)
    t.same(structuredClone(result), result)
  }
})

t.test('unknown features are refused only where the face is strict', async (t) => {
  t.match(read('{"instances": [{"age": 1, "color": 1}]}', false), { input: { rows: 1 } })
})

t.test('__proto__ in a body is refused or harmless', async (t) => {
  const result = read('{"instances": [{"age": 1, "__proto__": {"income": 3}}]}', false)
  if ('input' in result) t.same([...result.input.tensors[0]?.data ?? []], [1, 7])
  else t.match(result.refusal.code, /INVALID/)
})

t.test('a deep body is refused and does not end the thread', async (t) => {
  const result = read(`{"instances": [${'['.repeat(50_000)}${']'.repeat(50_000)}]}`)
  t.match(result, { refusal: { code: /INVALID/ } })
})

t.test('each version is read by its own rules, however many there have been', async (t) => {
  for (let version = 0; version < 200; version++) {
    const own = { ...options, limits: { ...options.limits, batchMax: version % 2 + 1 } }
    const result = read('{"instances": [{"age": 1}, {"age": 2}]}', true, `v${version}`, own)
    if ('refusal' in result !== (version % 2 === 0)) t.fail(`version ${version} was read by the rules of another`)
  }
  t.match(read('{"instances": [{"age": 1}, {"age": 2}]}', true, 'v199'), { input: { rows: 2 } })
})
