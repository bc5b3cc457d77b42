import { Ajv } from 'ajv'
import t from 'tap'
import { labelPattern, ModelConfigSchema, modelNamePattern, versionPattern } from '../../schemas/model-config.js'

const example = {
  versions: ['1', '3'],
  labels: { stable: '1', canary: '2' },
  response_style: 'label',
  default: true,
  batching: { max_rows: 64, max_delay_us: 0 },
  instances: 1,
  dedicated: false,
  queue: { max_rows: 1024, timeout_ms: 5000 },
  latency_budget_ms: 500,
  session: { intraOpNumThreads: 1, executionProviders: ['cpu'] },
  deterministic: true
}

const validate = new Ajv({ allowUnionTypes: true, useDefaults: true }).compile(ModelConfigSchema)

t.test('the complete example is valid and kept as it is', async (t) => {
  const value = structuredClone(example)
  t.equal(validate(value), true)
  t.same(value, example)
})

t.test('defaults fill what a file leaves out, in nested objects too', async (t) => {
  const value = { batching: { max_delay_us: 5 } }
  t.equal(validate(value), true)
  t.match(value, { batching: { max_rows: 64, max_delay_us: 5 }, queue: { max_rows: 1024, timeout_ms: 5000 }, versions: 'latest' })
  t.notOk('instances' in value)
})

t.test('no key is accepted that is not known, on any level', async (t) => {
  for (const value of [{ x: 1 }, { batching: { x: 1 } }, { queue: { x: 1 } }, { session: { x: 1 } }]) t.equal(validate(value), false)
})

t.test('every key is described', async (t) => {
  for (const [key, schema] of Object.entries(ModelConfigSchema.properties)) t.match(schema.description, /\.$/, key)
})

t.test('names, versions and labels follow their rules', async (t) => {
  const accepted = (pattern: string, texts: string[]) => texts.filter((text) => new RegExp(pattern).test(text))
  t.same(accepted(modelNamePattern, ['iris', 'a.b-c_d', '9', '', '.x', '-x', '_x', 'a/b', 'a b', 'a\n', 'ä', 'a'.repeat(129)]), ['iris', 'a.b-c_d', '9'])
  t.same(accepted(versionPattern, ['1', '10', '0', '01', '-1', '1.0', 'v1', '', '1\n']), ['1', '10'])
  t.same(accepted(labelPattern, ['stable', 'a-b_1', 'Stable', '1a', '', 'a'.repeat(65)]), ['stable', 'a-b_1'])
})
