import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { isLongInteger } from '../../../codecs/int64.js'
import { recordSchema, rowSchema } from '../../../codecs/records/record-schema.js'
import { RecordCodec } from '../../../codecs/records/records.js'
import type { Feature, InputLayout } from '../../../codecs/specification.js'
import type { DataType } from '../../../codecs/tensor.js'

type Declared = Partial<Feature> & Pick<Feature, 'name' | 'type'>

function layoutOf (type: DataType, declared: Declared[]): InputLayout {
  let column = 0
  const features = declared.map((feature): Feature => {
    const size = feature.shape?.reduce((count, dim) => count * dim, 1) ?? 1
    const placed = { input: 0, column, size, ...feature }
    column += size
    return placed
  })
  return { kind: 'columns', inputs: [{ name: 'x', type, dims: [-1, column] }], features, width: column }
}

function property (layout: InputLayout, name: string): unknown {
  return Object(recordSchema(layout, { additional: false }).properties)[name]
}

t.test('A record schema documents what the metadata says', async (t) => {
  const layout = layoutOf('float32', [
    { name: 'length', type: 'numeric', description: 'Length of the sepal', unit: 'cm', minimum: 0, maximum: 10, default: 5, example: 5 },
    { name: 'colour', type: 'category', categories: ['red', 'blue'] },
    { name: 'weight', type: 'numeric', acceptsMissing: true }
  ])
  t.strictSame(recordSchema(layout, { additional: false }), {
    type: 'object',
    properties: {
      length: { description: 'Length of the sepal (cm)', 'x-unit': 'cm', default: 5, examples: [5], type: ['number', 'null'], format: 'float', minimum: 0, maximum: 10 },
      colour: { type: 'string', enum: ['red', 'blue'] },
      weight: { type: ['number', 'null'], format: 'float' }
    },
    required: ['colour'],
    additionalProperties: false
  })
})

t.test('Each type of feature has its schema', async (t) => {
  t.strictSame(property(layoutOf('float64', [{ name: 'a', type: 'numeric' }]), 'a'), { type: 'number', format: 'double' })
  t.strictSame(property(layoutOf('float32', [{ name: 'a', type: 'integer' }]), 'a'), { type: 'integer', format: 'int64' })
  t.strictSame(property(layoutOf('int32', [{ name: 'a', type: 'numeric', minimum: 0 }]), 'a'), { type: 'integer', format: 'int32', minimum: 0, maximum: 2147483647 })
  t.strictSame(property(layoutOf('float16', [{ name: 'a', type: 'numeric' }]), 'a'), { type: 'number', format: 'float', minimum: -65504, maximum: 65504 })
  t.strictSame(property(layoutOf('float32', [{ name: 'a', type: 'boolean' }]), 'a'), { type: 'boolean' })
  t.strictSame(property(layoutOf('float32', [{ name: 'a', type: 'category', categories: [1, 'b'], acceptsMissing: true }]), 'a'), { enum: [1, 'b', null] })
  t.strictSame(property(layoutOf('float32', [{ name: 'a', type: 'vector', shape: [2] }]), 'a'), { type: 'array', items: { type: 'number', format: 'float' }, minItems: 2, maxItems: 2 })
  t.match(property(layoutOf('int64', [{ name: 'a', type: 'integer' }]), 'a'), {
    oneOf: [{ type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }, { type: 'string', pattern: '^-?[1-9][0-9]{15,19}$' }]
  })
  t.match(property(layoutOf('int64', [{ name: 'a', type: 'integer', minimum: 0 }]), 'a'), { oneOf: [{ minimum: 0 }, { pattern: '^[1-9][0-9]{15,19}$' }] })
  t.match(property(layoutOf('int64', [{ name: 'a', type: 'integer', maximum: 0 }]), 'a'), { oneOf: [{ maximum: 0 }, { pattern: '^-[1-9][0-9]{15,19}$' }] })
  t.strictSame(property(layoutOf('uint64', [{ name: 'a', type: 'integer', maximum: 9 }]), 'a'), { type: 'integer', format: 'uint64', minimum: 0, maximum: 9 })
})

t.test('A vector of several dimensions may be nested or flat', async (t) => {
  const element = { type: 'integer', format: 'uint8', minimum: 0, maximum: 255 }
  const flat = { type: 'array', items: element, minItems: 6, maxItems: 6 }
  const nested = { type: 'array', items: { type: 'array', items: element, minItems: 3, maxItems: 3 }, minItems: 2, maxItems: 2 }
  t.strictSame(property(layoutOf('uint8', [{ name: 'a', type: 'vector', shape: [2, 3] }]), 'a'), { anyOf: [nested, flat] })
})

t.test('A row schema has the features in order, titled by name', async (t) => {
  const layout = layoutOf('float32', [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'boolean' }])
  t.strictSame(rowSchema(layout), {
    type: 'array',
    prefixItems: [{ title: 'a', type: 'number', format: 'float' }, { title: 'b', type: 'boolean' }],
    items: false,
    minItems: 2,
    maxItems: 2
  })
  t.strictSame(rowSchema({ kind: 'columns', inputs: [{ name: 'x', type: 'float32', dims: [-1, 3] }], width: 3 }), {
    type: 'array', items: { type: ['number', 'null'], format: 'float' }, minItems: 3, maxItems: 3
  })
})

t.test('Several inputs that nothing names are understood by name only', async (t) => {
  const layout: InputLayout = { kind: 'inputs', inputs: [{ name: 'ids', type: 'int32', dims: [-1, -1] }, { name: 'text', type: 'string', dims: [-1] }] }
  t.equal(rowSchema(layout), undefined)
  t.match(recordSchema(layout, { additional: false }), {
    properties: { ids: { type: 'array', items: { type: 'integer' } }, text: { type: 'string' } }, required: ['ids', 'text']
  })
})

t.test('The codec accepts exactly what the documented schema accepts', async (t) => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ['x-unit'], ownProperties: true })
  for (const name of ['double', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'int64', 'uint64']) ajv.addFormat(name, true)
  ajv.addFormat('float', { type: 'number', validate: (value: number) => Math.abs(value) < 3.4028235677973366e38 })
  ajv.addFormat('int64-text', (text: string) => isLongInteger(text, 'int64'))
  const values = [
    0, -0, 1, 0.5, -1, 7, 8, 127, 128, 1e300, 3.5e38, 2 ** 53 - 1, 2 ** 53, '9007199254740993', '1', '9223372036854775808', '', 'a', 'b\u0000', '\ud800', '\u{1f600}',
    true, false, null, [], [1, 2], [1, 'x'], [[1, 2]], [[1], [2]], [null, 1], {}, Infinity, undefined
  ]
  const types: DataType[] = ['float32', 'float64', 'float16', 'int8', 'int64', 'bool', 'string']
  const kinds: Declared[] = [
    { name: 'f', type: 'numeric' }, { name: 'f', type: 'integer', minimum: 0, maximum: 7 }, { name: 'toString', type: 'boolean' }, { name: 'f', type: 'string' },
    { name: 'f', type: 'category', categories: ['a', ''] }, { name: 'f', type: 'category', categories: [1, 0.5] }, { name: 'f', type: 'vector', shape: [2, 1] }, { name: 'f', type: 'vector', shape: [2] }
  ]
  let accepted = 0
  for (const type of types) {
    for (const kind of kinds) {
      for (const missing of [{}, { acceptsMissing: true }, { acceptsMissing: false }]) {
        const layout = layoutOf(type, [{ ...kind, ...missing }])
        let codec: RecordCodec
        try {
          codec = new RecordCodec(layout)
        } catch {
          continue
        }
        const record = ajv.compile(recordSchema(layout, { additional: false }))
        const row = ajv.compile(rowSchema(layout) ?? false)
        for (const value of values) {
          const one = value === undefined ? {} : { [kind.name]: value }
          const told = JSON.stringify({ tensor: type, ...kind, ...missing, value: String(value) })
          if (record(one) !== accepts(() => codec.encodeRecords([one], { strict: true, path: () => '' }))) t.fail(`record: ${told}`)
          if (row([value]) !== accepts(() => codec.encodeRows([[value]], { path: () => '' }))) t.fail(`row: ${told}`)
          if (record(one)) accepted++
          if (record({ ...one, other: 1 })) t.fail(`unknown: ${told}`)
        }
      }
    }
  }
  t.ok(accepted > 300, `${accepted} values were accepted`)
})

function accepts (encode: () => unknown): boolean {
  try {
    encode()
    return true
  } catch {
    return false
  }
}
