import t, { type Test } from 'tap'
import { RecordCodec } from '../../../codecs/records/records.js'
import type { Feature, InputLayout } from '../../../codecs/specification.js'
import type { DataType, Tensor, TensorData } from '../../../codecs/tensor.js'
import { InvalidRequestError } from '../../../errors.js'

type Declared = Partial<Feature> & Pick<Feature, 'name' | 'type'>

function columns (type: DataType, declared: Declared[]): InputLayout {
  let column = 0
  const features = declared.map((feature): Feature => {
    const size = feature.size ?? feature.shape?.reduce((count, dim) => count * dim, 1) ?? 1
    const placed = { input: 0, column, ...feature, size }
    column += size
    return placed
  })
  return { kind: 'columns', inputs: [{ name: 'x', type, dims: [-1, column] }], features, width: column }
}

const iris = columns('float32', ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'].map((name) => ({ name, type: 'numeric' })))
const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }

function encodeOne (layout: InputLayout, record: unknown, strict = true): Tensor[] {
  return new RecordCodec(layout).encodeRecords([record], { strict, path: () => '' })
}

function encodeRow (layout: InputLayout, row: unknown): Tensor[] {
  return new RecordCodec(layout).encodeRows([row], { path: () => '/features' })
}

function dataOf (tensors: Tensor[]): TensorData | undefined {
  return tensors[0]?.data
}

function refusal (t: Test, encode: () => unknown): InvalidRequestError {
  try {
    encode()
  } catch (error) {
    if (error instanceof InvalidRequestError) return error
    throw error
  }
  t.fail('the request was accepted')
  return new InvalidRequestError('')
}

t.test('Features go to the model in its order, not in that of the body', async (t) => {
  const [tensor] = encodeOne(iris, { petal_width: 0.2, petal_length: 1.4, sepal_width: 3.5, sepal_length: 5.1 })
  // numpy: np.float32(5.1).item() and so on
  t.strictSame(tensor, { name: 'x', type: 'float32', dims: [1, 4], data: Float32Array.of(5.099999904632568, 3.5, 1.399999976158142, 0.20000000298023224) })
  t.strictSame(encodeRow(iris, [5.1, 3.5, 1.4, 0.2]), [tensor])
})

t.test('Every element type keeps its boundary values', async (t) => {
  const cases: [DataType, Declared['type'], unknown[], TensorData][] = [
    ['float32', 'numeric', [0.1, 16777217, -0, 3.4028235e38], Float32Array.of(0.10000000149011612, 16777216, -0, 3.4028234663852886e38)],
    ['float64', 'numeric', [0.1, 5e-324, -0, 1.7976931348623157e308], Float64Array.of(0.1, 5e-324, -0, 1.7976931348623157e308)],
    ['float16', 'numeric', [0.1, 65504, -2.5, 5.960464477539063e-08, 6.1e-05, 2051], Uint16Array.of(0x2e66, 0x7bff, 0xc100, 1, 0x3ff, 0x6802)],
    ['int8', 'integer', [-128, 127], Int8Array.of(-128, 127)],
    ['int16', 'integer', [-32768, 32767], Int16Array.of(-32768, 32767)],
    ['int32', 'integer', [-2147483648, 2147483647], Int32Array.of(-2147483648, 2147483647)],
    ['uint8', 'integer', [0, 255], Uint8Array.of(0, 255)],
    ['uint16', 'integer', [0, 65535], Uint16Array.of(0, 65535)],
    ['uint32', 'integer', [0, 4294967295], Uint32Array.of(0, 4294967295)],
    ['int64', 'integer', [-1, 9007199254740991, '9007199254740993', '-9223372036854775808', '9223372036854775807'], BigInt64Array.of(-1n, 9007199254740991n, 9007199254740993n, -9223372036854775808n, 9223372036854775807n)],
    ['uint64', 'integer', [0, '18446744073709551615'], BigUint64Array.of(0n, 18446744073709551615n)],
    ['bool', 'boolean', [true, false], Uint8Array.of(1, 0)],
    ['float32', 'boolean', [true, false], Float32Array.of(1, 0)],
    ['int64', 'boolean', [true, false], BigInt64Array.of(1n, 0n)],
    ['string', 'string', ['', 'größer', '\u{1f600}', 'null'], ['', 'größer', '\u{1f600}', 'null']]
  ]
  for (const [type, kind, values, expected] of cases) {
    const layout = columns(type, values.map((_, index) => ({ name: `f${index}`, type: kind })))
    const record = Object.fromEntries(values.map((value, index) => [`f${index}`, value]))
    t.strictSame(encodeOne(layout, record), [{ name: 'x', type, dims: [1, values.length], data: expected }], `${kind} as ${type}`)
    t.strictSame(encodeRow(layout, values), encodeOne(layout, record), `${kind} as ${type}, by position`)
    // strictSame takes -0 for 0
    if (type === 'float32' && kind === 'numeric') t.ok(Object.is(dataOf(encodeOne(layout, record))?.[2], -0), '-0 stays -0')
  }
})

t.test('A category is its index among numbers, and itself among strings', async (t) => {
  const colour: Declared = { name: 'colour', type: 'category', categories: ['red', 'green'] }
  const level: Declared = { name: 'level', type: 'category', categories: [10, 20] }
  t.strictSame(dataOf(encodeOne(columns('float32', [colour, level]), { colour: 'green', level: 10 })), Float32Array.of(1, 0))
  t.strictSame(dataOf(encodeOne(columns('int64', [colour, level]), { colour: 'green', level: 20 })), BigInt64Array.of(1n, 1n))
  t.strictSame(dataOf(encodeOne(columns('string', [colour, level]), { colour: 'green', level: 20 })), ['green', '20'])
})

t.test('A missing feature takes its default, else NaN if it may be missing, else is refused', async (t) => {
  const layout = columns('float32', [
    { name: 'a', type: 'numeric', default: -1 },
    { name: 'b', type: 'numeric', acceptsMissing: true },
    { name: 'c', type: 'numeric', default: 7, acceptsMissing: true },
    { name: 'd', type: 'category', categories: ['x', 'y'], default: 'y' },
    { name: 'e', type: 'category', categories: ['x', 'y'], acceptsMissing: true }
  ])
  const expected = Float32Array.of(-1, NaN, 7, 1, NaN)
  t.strictSame(dataOf(encodeOne(layout, {})), expected)
  t.strictSame(dataOf(encodeOne(layout, { a: null, b: null, c: null, d: null, e: null })), expected)
  t.strictSame(dataOf(encodeRow(layout, [null, null, null, null, null])), expected)
  t.strictSame(dataOf(encodeOne(columns('string', [{ name: 'a', type: 'string', acceptsMissing: true }]), {})), [''])
  t.strictSame(dataOf(encodeOne(columns('float16', [{ name: 'a', type: 'numeric', acceptsMissing: true }]), {})), Uint16Array.of(0x7e00))
  t.strictSame(dataOf(encodeOne(columns('int64', [{ name: 'a', type: 'integer', default: 3 }]), {})), BigInt64Array.of(3n))

  const strict = columns('float32', [{ name: 'a', type: 'numeric', default: -1, acceptsMissing: false }])
  t.strictSame(dataOf(encodeOne(strict, {})), Float32Array.of(-1))
  t.strictSame(refusal(t, () => encodeOne(strict, { a: null })).errors, [{ path: '/a', message: 'must be a number', expected: 'number', got: 'null' }])
  t.strictSame(refusal(t, () => encodeOne(iris, { ...setosa, sepal_width: null })).errors[0]?.got, 'null')
})

t.test('Values are never coerced', async (t) => {
  const layout = columns('float32', [
    { name: 'n', type: 'numeric', acceptsMissing: true }, { name: 'i', type: 'integer', acceptsMissing: true },
    { name: 'b', type: 'boolean', acceptsMissing: true }, { name: 'c', type: 'category', categories: ['1', 'x'], acceptsMissing: true }
  ])
  const wrong: [string, unknown[]][] = [
    ['n', ['abc', '3.5', '', true, [1], {}, JSON.parse('1e400'), 1e39]], ['i', [1.5, '1', false, 2 ** 53, JSON.parse('-1e400')]],
    ['b', [1, 0, 'true', '']], ['c', [1, 'C', '', true]]
  ]
  for (const [name, values] of wrong) {
    for (const value of values) t.strictSame(refusal(t, () => encodeOne(layout, { [name]: value })).errors.map(({ path }) => path), [`/${name}`], `${name}: ${JSON.stringify(value)}`)
  }
  const text = columns('string', [{ name: 's', type: 'string' }])
  for (const value of [1, true, null, ['a'], 'a\u0000b', '\ud800', 'x\udc00']) {
    t.equal(refusal(t, () => encodeOne(text, { s: value })).errors[0]?.path, '/s', JSON.stringify(value))
  }
  const long = columns('int64', [{ name: 'l', type: 'integer' }])
  for (const value of ['5', '9007199254740991', '9223372036854775808', '-9223372036854775809', '1e20', ' 9007199254740993', 2 ** 53, 0.5]) {
    t.equal(refusal(t, () => encodeOne(long, { l: value })).errors[0]?.path, '/l', JSON.stringify(value))
  }
})

t.test('An error says what was expected and what came', async (t) => {
  const layout = columns('float32', [
    { name: 'number', type: 'numeric' }, { name: 'integer', type: 'integer' }, { name: 'range', type: 'numeric', minimum: 0, maximum: 10 },
    { name: 'least', type: 'numeric', minimum: 1 }, { name: 'colour', type: 'category', categories: ['a', 'b'] }, { name: 'flag', type: 'boolean' },
    { name: 'pixels', type: 'vector', shape: [3] }, { name: 'optional', type: 'numeric', acceptsMissing: true }
  ])
  const refused = refusal(t, () => encodeOne(layout, { number: 'abc', integer: 3.5, range: 11, least: 0, colour: 1, flag: 'x'.repeat(100), pixels: [1, 2], optional: 1e39 }))
  t.equal(refused.message, '8 fields are invalid')
  t.equal(refused.statusCode, 400)
  t.strictSame(refused.errors, [
    { path: '/number', message: 'must be a number', expected: 'number', got: '"abc" (string)' },
    { path: '/integer', message: 'must be an integer', expected: 'integer', got: '3.5' },
    { path: '/range', message: 'must be a number from 0 to 10', expected: 'number from 0 to 10', got: '11' },
    { path: '/least', message: 'must be a number of at least 1', expected: 'number of at least 1', got: '0' },
    { path: '/colour', message: 'must be one of: a, b', expected: 'one of: a, b', got: '1' },
    { path: '/flag', message: 'must be a boolean', expected: 'boolean', got: `"${'x'.repeat(78)}… (string)` },
    { path: '/pixels', message: 'must be an array of 3 numbers', expected: 'array of 3 numbers', got: '[1,2] (array of 2)' },
    { path: '/optional', message: 'must be a number that fits float32', expected: 'number that fits float32', got: '1e+39' }
  ])
  t.equal(refusal(t, () => encodeOne(iris, { ...setosa, sepal_length: '5' })).message, 'sepal_length must be a number')
  t.match(refusal(t, () => encodeOne(columns('int64', [{ name: 'id', type: 'integer' }]), { id: 2 ** 53 })).errors[0], { expected: 'integer; from 2^53 on as a decimal string', got: '9007199254740992' })
  t.match(refusal(t, () => encodeOne(columns('int8', [{ name: 'id', type: 'integer' }]), { id: 128 })).errors[0], { expected: 'integer that fits int8' })
})

t.test('Each missing and each unknown feature is named', async (t) => {
  const refused = refusal(t, () => encodeOne(iris, { sepal_length: 5.1, sepal_widht: 3.5, petal_length: 1.4, colour: 'blue' }))
  t.strictSame(refused.errors, [
    { path: '/sepal_width', message: 'is required', expected: 'number', got: 'nothing' },
    { path: '/petal_width', message: 'is required', expected: 'number', got: 'nothing' },
    { path: '/sepal_widht', message: "is not a feature of this model; did you mean 'sepal_width'?", expected: 'nothing', got: '3.5' },
    { path: '/colour', message: 'is not a feature of this model', expected: 'nothing', got: '"blue" (string)' }
  ])
  t.strictSame(encodeOne(iris, { ...setosa, colour: 'blue' }, false), encodeOne(iris, setosa), 'unless unknown ones may pass')
  t.equal(refusal(t, () => encodeOne(iris, {})).errors.length, 4)
})

t.test('Only own properties count, whatever a feature is called', async (t) => {
  const names = ['constructor', 'toString', 'hasOwnProperty', 'a/b', 'm~n', '']
  const layout = columns('float64', names.map((name) => ({ name, type: 'numeric' })))
  t.strictSame(refusal(t, () => encodeOne(layout, {})).errors.map(({ path, message }) => `${path} ${message}`), [
    '/constructor is required', '/toString is required', '/hasOwnProperty is required', '/a~1b is required', '/m~0n is required', '/ is required'
  ])
  t.strictSame(dataOf(encodeOne(layout, Object.fromEntries(names.map((name, index) => [name, index])))), Float64Array.of(0, 1, 2, 3, 4, 5))
  t.match(refusal(t, () => encodeOne(iris, JSON.parse(JSON.stringify(setosa).replace('{', '{"__proto__":{"a":1},')))).errors, [{ path: '/__proto__' }])
  t.throws(() => new RecordCodec(columns('float32', [{ name: '__proto__', type: 'numeric' }])), { message: /__proto__/ })
})

t.test('What is no record or no row is refused as a whole', async (t) => {
  for (const record of [null, 5, 'x', [1, 2, 3, 4], true]) {
    const refused = refusal(t, () => new RecordCodec(iris).encodeRecords([setosa, record], { strict: true, path: (index) => `/${index}` }))
    t.match(refused.errors, [{ path: '/1', message: 'must be an object with the features of the model' }])
  }
  for (const row of [null, 5, 'x', setosa]) {
    t.match(refusal(t, () => encodeRow(iris, row)).errors, [{ path: '/features', message: 'must be an array of 4 values' }])
  }
  t.match(refusal(t, () => encodeOne(iris, null)).message, 'The body must be an object')
  t.throws(() => new RecordCodec(iris).encodeRecords([], { strict: true, path: String }), { message: 'At least one record is required' })
  t.throws(() => new RecordCodec(iris).encodeRows([], { path: String }), { message: 'At least one record is required' })
})

t.test('A row has exactly the features of the model', async (t) => {
  for (const row of [[], [1, 2, 3], [1, 2, 3, 4, 5], [[1, 2, 3, 4]]]) {
    const refused = refusal(t, () => new RecordCodec(iris).encodeRows([[1, 2, 3, 4], row], { path: (index) => `/instances/${index}` }))
    t.equal(refused.message, 'Expected 4 features')
    t.match(refused.errors, [{ path: '/instances/1', message: 'Expected 4 features', expected: 'array of 4' }])
  }
  t.equal(refusal(t, () => encodeRow({ kind: 'columns', inputs: [{ name: 'x', type: 'float32', dims: [-1, 784] }], width: 784 }, [1])).message, 'Expected 784 features')
})

t.test('Each element of a row is judged by its feature', async (t) => {
  const refused = refusal(t, () => new RecordCodec(iris).encodeRows([[1, '1', 3, null], [1, 2, 3, 4], [1, 2, true, 4]], { path: (index) => `/instances/${index}` }))
  t.strictSame(refused.errors.map(({ path, got }) => `${path} ${got}`), ['/instances/0/1 "1" (string)', '/instances/0/3 null', '/instances/2/2 true (boolean)'])
  t.equal(refused.message, '3 fields are invalid')
})

t.test('Errors are collected over all records, up to a limit', async (t) => {
  const records = Array.from({ length: 100 }, () => ({ ...setosa, petal_width: 'x' }))
  t.equal(refusal(t, () => new RecordCodec(iris).encodeRecords(records, { strict: true, path: (index) => `/instances/${index}` })).errors.length, 50)
  const three = refusal(t, () => new RecordCodec(iris, { maxErrors: 3 }).encodeRecords([setosa, {}, {}], { strict: true, path: (index) => `/${index}` }))
  t.strictSame(three.errors.map(({ path }) => path), ['/1/sepal_length', '/1/sepal_width', '/1/petal_length'])
  t.equal(three.message, 'At least 4 fields are invalid')
  const all = refusal(t, () => new RecordCodec(iris, { maxErrors: 4 }).encodeRecords([setosa, {}, setosa], { strict: true, path: (index) => `/${index}` }))
  t.strictSame([all.message, all.errors.length], ['4 fields are invalid', 4], 'as many as are listed are all there are')
  const rows = refusal(t, () => new RecordCodec(iris, { maxErrors: 1 }).encodeRows([['a', 'b', 'c', 'd']], { path: (index) => `/${index}` }))
  t.strictSame([rows.message, rows.errors.length], ['At least 2 fields are invalid', 1])
})

t.test('Vectors are written row by row, nested or flat', async (t) => {
  const layout: InputLayout = {
    kind: 'inputs',
    inputs: [{ name: 'image', type: 'float32', dims: [-1, 2, 3] }, { name: 'age', type: 'int64', dims: [-1, 1] }, { name: 'note', type: 'string', dims: [-1] }],
    features: [
      { name: 'image', type: 'vector', input: 0, column: 0, size: 6, shape: [2, 3] },
      { name: 'age', type: 'integer', input: 1, column: 0, size: 1 },
      { name: 'note', type: 'string', input: 2, column: 0, size: 1, default: 'none' }
    ]
  }
  const expected = [
    { name: 'image', type: 'float32', dims: [2, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1) },
    { name: 'age', type: 'int64', dims: [2, 1], data: BigInt64Array.of(40n, 50n) },
    { name: 'note', type: 'string', dims: [2], data: ['none', 'b'] }
  ]
  const codec = new RecordCodec(layout)
  t.strictSame(codec.encodeRecords([{ image: [[1, 2, 3], [4, 5, 6]], age: 40 }, { image: [6, 5, 4, 3, 2, 1], age: 50, note: 'b' }], { strict: true, path: String }), expected)
  t.strictSame(codec.encodeRows([[[1, 2, 3, 4, 5, 6], 40, null], [[[6, 5, 4], [3, 2, 1]], 50, 'b']], { path: String }), expected)
  t.equal(codec.readsRows, true)
  const refused = (image: unknown) => refusal(t, () => codec.encodeRecords([{ image, age: 1 }], { strict: true, path: () => '' })).errors
  t.match(refused([[1, 2, 3], [4, 'x', 6]]), [{ path: '/image/1/1', message: 'must be a number', got: '"x" (string)' }])
  t.match(refused([1, 2, 3, 4, 5, null]), [{ path: '/image/5', message: 'must be a number', got: 'null' }])
  t.match(refused([[1, 2, 3], [4, 5]]), [{ path: '/image/1', message: 'must be an array of 3', got: '[4,5] (array of 2)' }])
  t.match(refused([[1, 2, 3], 4]), [{ path: '/image/1', message: 'must be an array' }])
  t.match(refused([1, 2]), [{ path: '/image', expected: 'array of 2 x 3 numbers' }])
  t.match(refused(7), [{ path: '/image', expected: 'array of 2 x 3 numbers' }])
})

t.test('A single vector is a row by itself', async (t) => {
  const layout: InputLayout = {
    kind: 'inputs', inputs: [{ name: 'image', type: 'uint8', dims: [-1, 2, 2] }], features: [{ name: 'image', type: 'vector', input: 0, column: 0, size: 4, shape: [2, 2], default: 9 }]
  }
  t.strictSame(encodeRow(layout, [1, 2, 3, 4]), [{ name: 'image', type: 'uint8', dims: [1, 2, 2], data: Uint8Array.of(1, 2, 3, 4) }])
  t.strictSame(encodeRow(layout, [[1, 2], [3, 4]]), encodeRow(layout, [1, 2, 3, 4]))
  t.strictSame(dataOf(encodeOne(layout, {})), Uint8Array.of(9, 9, 9, 9))
  t.equal(refusal(t, () => encodeRow(layout, [1, 2, 3])).message, 'Expected 4 features')
  t.match(refusal(t, () => encodeRow(layout, [[1, 2], [3, 256]])).errors, [{ path: '/features/1/1', expected: 'integer that fits uint8' }])
})

t.test('Without features a row is numbers, or strings, and null is NaN', async (t) => {
  const layout: InputLayout = { kind: 'columns', inputs: [{ name: 'x', type: 'float32', dims: [-1, 3] }], width: 3 }
  t.strictSame(encodeRow(layout, [1, null, 3]), [{ name: 'x', type: 'float32', dims: [1, 3], data: Float32Array.of(1, NaN, 3) }])
  t.strictSame(encodeOne(layout, { x: [1, null, 3] }), encodeRow(layout, [1, null, 3]))
  t.match(refusal(t, () => encodeRow(layout, [1, '2', 3])).errors, [{ path: '/features/1', expected: 'number or null' }])
  t.match(refusal(t, () => encodeOne(layout, { y: [1] })).errors, [{ path: '/x', message: 'is required' }, { path: '/y', message: "is not an input of this model; did you mean 'x'?" }])
  const text: InputLayout = { kind: 'columns', inputs: [{ name: 'x', type: 'string', dims: [-1, 2] }], width: 2 }
  t.strictSame(dataOf(encodeRow(text, ['a', ''])), ['a', ''])
  t.match(refusal(t, () => encodeRow(text, ['a', null])).errors, [{ path: '/features/1' }])
})

t.test('Named tensors take the shape of the request where the graph leaves it open', async (t) => {
  const layout: InputLayout = { kind: 'inputs', inputs: [{ name: 'ids', type: 'int64', dims: [-1, -1] }, { name: 'scale', type: 'float32', dims: [-1] }] }
  const codec = new RecordCodec(layout)
  t.strictSame(codec.encodeRecords([{ ids: [1, 2, 3], scale: 0.5 }, { ids: [4, 5, 6], scale: null }], { strict: true, path: String }), [
    { name: 'ids', type: 'int64', dims: [2, 3], data: BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n) },
    { name: 'scale', type: 'float32', dims: [2], data: Float32Array.of(0.5, NaN) }
  ])
  t.match(refusal(t, () => codec.encodeRecords([{ ids: [1, 2], scale: 1 }, { ids: [1], scale: 1 }], { strict: true, path: (index) => `/instances/${index}` })).errors, [{ path: '/instances/1/ids', got: '[1] (array of 1)' }])
  t.throws(() => codec.encodeRows([[1, 2]], { path: String }), { message: /by name/ })
  const image: InputLayout = { kind: 'columns', inputs: [{ name: 'x', type: 'float32', dims: [-1, -1, 2] }] }
  t.strictSame(encodeRow(image, [[1, 2], [3, 4], [5, 6]]), [{ name: 'x', type: 'float32', dims: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }])
  t.match(refusal(t, () => encodeRow(image, [])).errors, [{ path: '/features', expected: 'array with 2 dimensions' }])
  t.match(refusal(t, () => encodeRow(image, [[1, 2], [3]])).errors, [{ path: '/features/1', expected: 'array of 2' }])
  t.strictSame(encodeOne({ kind: 'inputs', inputs: [{ name: 'x', type: 'float32', dims: [] }] }, { x: 2 })[0]?.dims, [])
})

t.test('complete() fills in defaults in the order of the metadata', async (t) => {
  const layout = columns('float32', [{ name: 'b', type: 'numeric', default: -1 }, { name: 'a', type: 'numeric' }, { name: 'c', type: 'numeric', acceptsMissing: true }])
  const [record] = new RecordCodec(layout).complete([{ a: 1, z: 2 }], { strict: false, path: String })
  t.equal(JSON.stringify(record), '{"b":-1,"a":1,"c":null}')
  t.throws(() => new RecordCodec(layout).complete([{}], { strict: false, path: () => '' }), { message: 'a is required' })
})

t.test('Known features settle the dimensions that the graph leaves open', async (t) => {
  const open = (dims: number[], ...features: Declared[]) => ({ ...columns('float32', features), inputs: [{ name: 'x', type: 'float32' as const, dims }] })
  const numbers: Declared[] = [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'numeric' }]
  t.strictSame(encodeOne(open([-1, -1], ...numbers), { a: 1, b: 2 })[0]?.dims, [1, 2])
  t.strictSame(encodeOne(open([-1, -1, 2], { name: 'v', type: 'vector', shape: [1, 2] }), { v: [1, 2] })[0]?.dims, [1, 1, 2])
  t.strictSame(encodeOne(open([-1, -1], { name: 'v', type: 'vector', size: 2 }), { v: [1, 2] })[0]?.dims, [1, 2])
  t.strictSame(encodeOne(open([-1, 2, 1], ...numbers), { a: 1, b: 2 })[0]?.dims, [1, 2, 1])
})

t.test('Defaults of any type fill in', async (t) => {
  t.strictSame(dataOf(encodeOne(columns('bool', [{ name: 'a', type: 'boolean', default: true }]), {})), Uint8Array.of(1))
  t.strictSame(dataOf(encodeOne(columns('string', [{ name: 'a', type: 'string', default: 'x' }, { name: 'b', type: 'numeric', default: 2 }]), {})), ['x', '2'])
  t.strictSame(dataOf(encodeOne(columns('int64', [{ name: 'a', type: 'integer', default: '9007199254740993' }]), {})), BigInt64Array.of(9007199254740993n))
  t.strictSame(dataOf(encodeOne(columns('float32', [{ name: 'a', type: 'numeric', default: null }]), {})), Float32Array.of(NaN))
})

t.test('Expectations name ranges, categories and kinds in full', async (t) => {
  const expected = (type: DataType, feature: Declared, value: unknown) => refusal(t, () => encodeOne(columns(type, [feature]), { [feature.name]: value })).errors[0]?.expected
  t.equal(expected('float32', { name: 'a', type: 'numeric', maximum: 5 }, 6), 'number of at most 5')
  t.equal(expected('float32', { name: 'a', type: 'integer', minimum: 0, maximum: 5 }, 1.5), 'integer from 0 to 5')
  t.equal(expected('float32', { name: 'a', type: 'numeric', minimum: 0 }, 1e39), 'number that fits float32')
  t.equal(expected('float64', { name: 'a', type: 'numeric' }, JSON.parse('1e400')), 'finite number')
  t.equal(expected('float32', { name: 'a', type: 'category', categories: Array.from({ length: 20 }, (_, index) => index) }, 20), 'one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (20 in all)')
  t.equal(expected('float32', { name: 'a', type: 'vector', shape: [2], acceptsMissing: true }, 1), 'array of 2 numbers or null')
  t.equal(expected('string', { name: 'a', type: 'string' }, 'a\u0000'), 'string without NUL or lone surrogates')
  t.match(refusal(t, () => encodeOne({ kind: 'inputs', inputs: [{ name: 'x', type: 'float32', dims: [-1, -1] }] }, { x: 1 })).errors, [{ path: '/x', expected: 'array of numbers' }])
})

t.test('A layout that contradicts itself is refused before it serves', async (t) => {
  const load = (type: DataType, feature: Declared) => new RecordCodec(columns(type, [feature]))
  t.throws(() => load('int64', { name: 'a', type: 'integer', acceptsMissing: true }), { message: /accepts missing values/ })
  t.throws(() => load('float32', { name: 'a', type: 'string' }), { message: /is a string/ })
  t.throws(() => load('float32', { name: 'a', type: 'category' }), { message: /without categories/ })
  t.throws(() => load('float32', { name: 'a', type: 'category', categories: ['x'], default: 'y' }), { message: /default/ })
  t.throws(() => load('float32', { name: 'a', type: 'numeric', default: 'y' }), { message: /default/ })
  t.throws(() => load('float32', { name: 'a', type: 'numeric', input: 1 }), { message: /does not have/ })
  t.throws(() => new RecordCodec({ ...iris, inputs: [...iris.inputs, { name: 'y', type: 'float32', dims: [-1, 1] }] }), { message: /No feature fills input 'y'/ })
  t.throws(() => new RecordCodec({ ...iris, inputs: [{ name: 'x', type: 'float32', dims: [-1, 5] }] }), { message: /fill 4 of its 5/ })
})

t.test('Many records together give the same elements as each alone', async (t) => {
  const layout: InputLayout = {
    kind: 'inputs',
    inputs: [{ name: 'n', type: 'float32', dims: [-1, 1] }, { name: 'l', type: 'int64', dims: [-1, 1] }, { name: 's', type: 'string', dims: [-1, 1] }, { name: 'v', type: 'float64', dims: [-1, 2, 2] }],
    features: [
      { name: 'n', type: 'numeric', input: 0, column: 0, size: 1, acceptsMissing: true },
      { name: 'l', type: 'integer', input: 1, column: 0, size: 1, default: 4 },
      { name: 's', type: 'string', input: 2, column: 0, size: 1, acceptsMissing: true },
      { name: 'v', type: 'vector', input: 3, column: 0, size: 4, shape: [2, 2] }
    ]
  }
  let seed = 7
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
  }
  const pick = <T>(...values: T[]) => values[Math.floor(random() * values.length)]
  const records = Array.from({ length: 300 }, () => {
    const [a, b, c, d] = [random(), random() * 1e9, -random(), 0]
    const optional = { n: pick(null, random(), -0, 1e30), l: pick<unknown>(null, 1, '9007199254740993', -5), s: pick(null, '', 'ü', 'long text') }
    return { ...Object.fromEntries(Object.entries(optional).filter(() => random() > 0.2)), v: pick<unknown>([a, b, c, d], [[a, b], [c, d]]) }
  })
  const codec = new RecordCodec(layout)
  const together = codec.encodeRecords(records, { strict: true, path: String })
  const alone = records.map((record) => codec.encodeRecords([record], { strict: true, path: String }))
  for (const [index, tensor] of together.entries()) {
    t.equal(tensor.dims[0], 300)
    t.strictSame(Array.from<unknown>(tensor.data), alone.flatMap((tensors) => Array.from<unknown>(tensors[index]?.data ?? [])), tensor.name)
  }
})
