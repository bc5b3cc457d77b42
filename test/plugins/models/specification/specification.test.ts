import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { TensorSpec } from '../../../../codecs/tensor.js'
import { parseInputSchema } from '../../../../plugins/models/specification/input-schema.js'
import { SpecificationError, specify, type SpecificationOptions } from '../../../../plugins/models/specification/specification.js'
import type { Metadata } from '../../../../schemas/metadata.js'
import type { Description, Graph } from '../../../../workers/contract.js'
import { readGraph } from '../../../../workers/onnx-graph/graph.js'

function tensor (name: string, dims: number[], type: TensorSpec['type'] = 'float32'): TensorSpec {
  return { name, type, dims }
}

function describe (inputs: TensorSpec[], outputs: TensorSpec[], graph: Partial<Graph> = {}): Description {
  const base: Graph = {
    irVersion: 8,
    producer: '',
    producerVersion: '',
    opsets: [],
    metadata: {},
    inputs: inputs.map((input) => ({ ...input, kind: 'tensor' })),
    outputs: outputs.map((output) => ({ ...output, kind: 'tensor' })),
    operators: [],
    producers: {},
    classifiers: [],
    zipMaps: [],
    splits: [],
    encoders: [],
    answersMissing: [],
    externalData: []
  }
  return { graph: { ...base, ...graph }, inputs, outputs, sha256: '', bytes: 0, runtime: { name: 'onnxruntime', version: '' } }
}

/** What a session would say of a file, with the tensor behind a ZipMap in its place and those that are split behind the others. */
function load (name: string): Description {
  const graph = readGraph(readFileSync(new URL(`../../../fixtures/graphs/${name}.onnx`, import.meta.url)))
  const spec = ({ name, type = 'float32', dims = [] }: Graph['inputs'][number]): TensorSpec => ({ name, type, dims })
  const behind = new Map(graph.zipMaps.map(({ output, input }) => [output, input]))
  const outputs = graph.outputs.map((output) => spec({ ...output, name: behind.get(output.name) ?? output.name }))
  const wholes = graph.splits.map(({ input, outputs }) => tensor(input, [-1, outputs.length]))
  return describe(graph.inputs.map(spec), [...outputs, ...wholes], graph)
}

const four = [tensor('X', [-1, 4])]
const forest = load('forest-signed')

function refuse (t: Test, field: string, description: Description, metadata: Metadata | undefined, options?: SpecificationOptions): void {
  try {
    specify(description, metadata, options)
    t.fail(`${field} is not refused`)
  } catch (error) {
    t.type(error, SpecificationError)
    if (error instanceof SpecificationError) t.equal(error.field, field, error.message)
  }
}

function features (...list: NonNullable<Metadata['features']>): Metadata {
  return { features: list }
}

t.test('exports of scikit-learn need no metadata', async (t) => {
  const expected: [string, object][] = [
    ['logistic', { task: 'MULTICLASS_CLASSIFICATION', roles: { label: 0, probabilities: 1 }, classes: [0, 1, 2], classNames: ['0', '1', '2'] }],
    ['logistic-strings', { task: 'MULTICLASS_CLASSIFICATION', roles: { label: 0, probabilities: 1 }, classes: ['setosa', 'versicolor', 'virginica'] }],
    ['logistic-columns', { task: 'BINARY_CLASSIFICATION', roles: { label: 0, probabilities: 3 }, classes: [0, 1] }],
    ['forest-signed', { task: 'BINARY_CLASSIFICATION', roles: { label: 0, probabilities: 1 }, classes: [-1, 1], classNames: ['-1', '1'] }],
    ['boosting', { task: 'BINARY_CLASSIFICATION', roles: { label: 0, probabilities: 1 } }],
    ['boosting-raw', { roles: { label: 0, scores: 1, probabilities: undefined } }],
    ['mlp-binary', { task: 'BINARY_CLASSIFICATION', roles: { label: 0, probabilities: 1 } }],
    ['mlp-strings', { roles: { label: 0, probabilities: 1 }, classes: ['setosa', 'versicolor', 'virginica'] }],
    ['bayes', { roles: { label: 0, probabilities: 1 } }],
    ['calibrated', { roles: { label: 0, probabilities: 1 } }],
    ['ridge', { task: 'MULTICLASS_CLASSIFICATION', roles: { label: 0, scores: 1, probabilities: undefined } }],
    ['svc', { task: 'MULTICLASS_CLASSIFICATION', roles: { label: 0, scores: 1, probabilities: undefined } }],
    ['svc-probability', { task: 'BINARY_CLASSIFICATION', roles: { label: 0, probabilities: 1 } }],
    ['isolation', { task: 'OTHER', roles: { label: 0, scores: 1 } }],
    ['linear', { task: 'REGRESSION', roles: { value: 0 } }],
    ['linear-targets', { task: 'REGRESSION', roles: { value: 0 } }]
  ]
  for (const [name, specification] of expected) {
    const found = specify(load(name), undefined).specification
    t.match(found, { ...specification, layout: { kind: 'columns', width: 4 }, batchable: true, labelFromProbabilities: false }, name)
    t.notOk('features' in found.layout)
  }
})

t.test('scores in outputs of their own that cannot be put together are a warning', async (t) => {
  const outputs = [tensor('label', [-1], 'int64'), tensor('a', [-1]), tensor('b', [-1])]
  const classifiers = [{ operator: 'LinearClassifier', classes: [0, 1], label: 'label', scores: 'hidden', postTransform: 'NONE' }]
  const { specification, warnings } = specify(describe(four, outputs, { classifiers }), undefined)
  t.match(specification, { task: 'BINARY_CLASSIFICATION', roles: { label: 0, probabilities: undefined } })
  t.match(warnings, [/zipmap=False/])
})

t.test('networks are told by their last operator and width', async (t) => {
  t.match(specify(load('softmax'), undefined).specification, { task: 'MULTICLASS_CLASSIFICATION', roles: { probabilities: 0 }, classes: [0, 1, 2], labelFromProbabilities: true })
  t.match(specify(load('sigmoid'), { class_names: ['no', 'yes'] }).specification, { task: 'BINARY_CLASSIFICATION', roles: { probabilities: 0 }, classes: [0, 1], classNames: ['no', 'yes'] })
  t.match(specify(load('logits'), undefined).specification, { task: 'OTHER', roles: {} })
  const named: Metadata = { class_names: ['a', 'b', 'c'], outputs: { logits: 'logits' } }
  t.match(specify(load('logits'), named).specification, { task: 'MULTICLASS_CLASSIFICATION', roles: { logits: 0 }, classNames: ['a', 'b', 'c'], labelFromProbabilities: true })
  t.match(specify(describe(four, [tensor('y', [-1])]), undefined).specification, { task: 'REGRESSION', roles: { value: 0 } })
  const multi = describe(four, [tensor('y', [-1, 3])], { producers: { y: 'Sigmoid' } })
  t.match(specify(multi, undefined).specification, { task: 'OTHER', roles: {} })
  t.match(specify(load('logits'), { task: 'REGRESSION', target_names: ['a', 'b', 'c'] }).specification, { roles: { value: 0 }, targetNames: ['a', 'b', 'c'] })
  const counted = describe(four, [tensor('count', [-1], 'int64'), tensor('boxes', [-1, 9, 4]), tensor('found', [-1, 9])])
  t.match(specify(counted, undefined).specification, { task: 'OTHER', roles: { label: undefined, scores: undefined } })
})

t.test('a detector of outliers has the labels -1 and 1 once its classes have names', async (t) => {
  t.match(specify(load('isolation'), { class_names: ['outlier', 'inlier'] }).specification, { task: 'BINARY_CLASSIFICATION', roles: { label: 0, scores: 1 }, classes: [-1, 1], classNames: ['outlier', 'inlier'] })
})

t.test('the label comes from the probabilities where the runtime contradicts them, or a threshold is set', async (t) => {
  const node = { operator: 'TreeEnsembleClassifier', classes: [0, 1], label: 'label', scores: 'p', postTransform: 'LOGISTIC', nonNegativeWeights: true }
  const outputs = [tensor('label', [-1], 'int64'), tensor('p', [-1, 2])]
  const tell = (more: object, metadata?: Metadata) => specify(describe(four, outputs, { classifiers: [{ ...node, ...more }], producers: { p: node.operator } }), metadata).specification
  t.match(tell({}), { labelFromProbabilities: true, roles: { label: 0, probabilities: 1 } })
  t.equal(tell({ nonNegativeWeights: false }).labelFromProbabilities, false)
  t.equal(tell({ postTransform: 'NONE' }).labelFromProbabilities, false)
  t.match(tell({ postTransform: 'NONE' }, { decision_threshold: 0.3 }), { labelFromProbabilities: true, decisionThreshold: 0.3 })
})

t.test('only models whose every first dimension is open are batched', async (t) => {
  const tell = (inputs: TensorSpec[], outputs: TensorSpec[], graph?: Partial<Graph>) => specify(describe(inputs, outputs, graph), undefined).specification.batchable
  t.equal(tell(four, [tensor('y', [-1, 1])]), true)
  t.equal(tell([tensor('X', [1, 4])], [tensor('y', [-1, 1])]), false)
  t.equal(tell(four, [tensor('y', [1, 1])]), false)
  t.equal(tell([tensor('X', [])], [tensor('y', [-1])]), false)
  t.equal(tell(four, [tensor('y', [])], { outputs: [{ name: 'y', kind: 'tensor' }] }), true)
  t.equal(tell(four, [tensor('y', [])]), false)
  const labels = [tensor('label', [1], 'int64'), tensor('p', [-1, 2])]
  t.equal(tell(four, labels, { classifiers: [{ operator: 'TreeEnsembleClassifier', classes: [0, 1], label: 'label', scores: 'p', postTransform: 'SOFTMAX' }] }), true)
})

t.test('inputs of one column each are features by name', async (t) => {
  const { layout } = specify(load('columns'), undefined).specification
  t.match(layout, { kind: 'inputs', width: 3 })
  t.same(layout.features, [
    { name: 'age', type: 'integer', input: 0, column: 0, size: 1, example: 0 },
    { name: 'income', type: 'numeric', input: 1, column: 0, size: 1, example: 0 },
    { name: 'city', type: 'category', categories: ['a', 'b'], input: 2, column: 0, size: 1, example: 'a' }
  ])
})

t.test('an encoder of the graph gives categories to a string and bounds to an integer, unless the metadata has its own', async (t) => {
  const encoders = [{ input: 'city', column: 0, categories: ['a', 'b'] }, { input: 'year', column: 0, categories: [2009, 2007] }, { input: 'X', column: 1, categories: ['c'] }]
  const inputs = [tensor('city', [-1, 1], 'string'), tensor('year', [-1, 1], 'int64')]
  const tell = (...list: NonNullable<Metadata['features']>) => specify(describe(inputs, [tensor('y', [-1, 1])], { encoders }), features(...list)).specification.layout.features
  t.match(tell({ name: 'city', type: 'string', default: 'b' }, { name: 'year', type: 'numeric' }), [
    { type: 'category', categories: ['a', 'b'], example: 'b' }, { type: 'integer', minimum: 2007, maximum: 2009, example: 2008, categories: undefined }
  ])
  t.match(tell({ name: 'city', type: 'category', categories: ['b'] }, { name: 'year', type: 'integer', minimum: 2008, maximum: 2050 }), [{ categories: ['b'] }, { minimum: 2008, maximum: 2009 }])
  t.match(tell({ name: 'year', type: 'integer', minimum: 3000 }, { name: 'city', type: 'string' }), [{ minimum: 3000, maximum: undefined }, { categories: ['a', 'b'] }], 'by name')
  refuse(t, 'metadata.json: features[1].default', describe(inputs, [tensor('y', [-1, 1])], { encoders }), features({ name: 'year', type: 'integer' }, { name: 'city', type: 'string', default: 'c' }))
  const columns = describe([tensor('X', [-1, 2], 'string')], [tensor('y', [-1, 1])], { encoders })
  t.match(specify(columns, features({ name: 'p', type: 'string' }, { name: 'q', type: 'string' })).specification.layout.features, [{ type: 'string' }, { type: 'category', categories: ['c'] }])
  t.equal(specify(columns, undefined).specification.layout.features, undefined)
})

t.test('a string with categories is a category, a number with categories is a mistake', async (t) => {
  const text = describe([tensor('X', [-1, 1], 'string')], [tensor('y', [-1, 1])])
  t.match(specify(text, features({ name: 'a', type: 'string', categories: ['x'] })).specification.layout.features, [{ type: 'category', categories: ['x'] }])
  const number = describe([tensor('X', [-1, 1])], [tensor('y', [-1, 1])])
  for (const type of ['numeric', 'integer', 'boolean', 'vector'] as const) refuse(t, 'metadata.json: features[0].categories', number, features({ name: 'a', type, shape: [1], categories: [1, 2] }))
})

t.test('an input of fixed shape is a vector, one of open shape has no features', async (t) => {
  const { layout } = specify(load('image'), undefined).specification
  t.match(layout, { kind: 'inputs', width: 16, features: [{ name: 'image', type: 'vector', size: 16, shape: [1, 4, 4] }] })
  const open = specify(describe([tensor('ids', [-1, -1], 'int64'), tensor('mask', [-1, -1], 'int64')], [tensor('y', [-1, 1])]), undefined).specification.layout
  t.match(open, { kind: 'inputs', features: undefined, width: undefined })
  t.match(specify(describe([tensor('x', [-1, -1])], [tensor('y', [-1, 1])]), undefined).specification.layout, { kind: 'columns', width: undefined })
})

t.test('features of the metadata are the columns in their order', async (t) => {
  const metadata = features(
    { name: 'pair', type: 'vector', shape: [2] },
    { name: 'kind', type: 'category', categories: ['a', 'b'], default: 'b', description: 'Kind.' },
    { name: 'size', type: 'numeric', minimum: 2, maximum: 6, accepts_missing: true, unit: 'cm', importance: 0.2 }
  )
  t.same(specify(forest, metadata).specification.layout, {
    inputs: forest.inputs,
    kind: 'columns',
    width: 4,
    features: [
      { name: 'pair', type: 'vector', input: 0, column: 0, size: 2, shape: [2], example: [0, 0] },
      { name: 'kind', type: 'category', categories: ['a', 'b'], default: 'b', description: 'Kind.', input: 0, column: 2, size: 1, example: 'b' },
      { name: 'size', type: 'numeric', minimum: 2, maximum: 6, acceptsMissing: true, unit: 'cm', importance: 0.2, input: 0, column: 3, size: 1, example: 4 }
    ]
  })
})

t.test('features of separate inputs find theirs by name', async (t) => {
  const metadata = features({ name: 'city', type: 'category', categories: ['a', 'b'] }, { name: 'income', type: 'numeric' }, { name: 'age', type: 'numeric' })
  const { specification, warnings } = specify(load('columns'), metadata)
  t.same(specification.layout.features?.map(({ name, input, type }) => [name, input, type]), [['city', 2, 'category'], ['income', 1, 'numeric'], ['age', 0, 'integer']])
  t.match(warnings, [/features\[2\]\.type.*whole numbers/])
})

t.test('the first background row is the example unless it does not fit', async (t) => {
  const metadata = features({ name: 'a', type: 'numeric' }, { name: 'b', type: 'integer', minimum: 3 }, { name: 'c', type: 'boolean' }, { name: 'd', type: 'numeric', default: 9 })
  const background = { columns: ['d', 'b', 'a'], rows: [[1, 2, 0.5], [0, 0, 0]] }
  t.same(specify(forest, metadata, { background }).specification.layout.features?.map(({ example }) => example), [0.5, 3, false, 9])
})

t.test('INPUT_SCHEMA names the columns when the metadata does not', async (t) => {
  const two = describe([tensor('X', [-1, 2])], [tensor('y', [-1, 1])])
  const options = { inputSchema: parseInputSchema('{"age":"int","income":"float"}') }
  t.match(specify(two, {}, options).specification.layout.features, [{ name: 'age', type: 'integer' }, { name: 'income', type: 'numeric' }])
  t.match(specify(two, features({ name: 'a', type: 'numeric' }, { name: 'b', type: 'numeric' }), options).specification.layout.features, [{ name: 'a' }, { name: 'b' }])
  refuse(t, 'INPUT_SCHEMA', forest, undefined, options)
  refuse(t, 'INPUT_SCHEMA: age.type', two, undefined, { inputSchema: parseInputSchema('{"age":"str","income":"float"}') })
})

t.test('features that contradict the graph or themselves are refused at their place', async (t) => {
  const one = describe([tensor('X', [-1, 1])], [tensor('y', [-1, 1])])
  const whole = describe([tensor('X', [-1, 1], 'int8')], [tensor('y', [-1, 1])])
  const untyped = JSON.parse('{"features": [{"name": "a"}]}') as Metadata
  refuse(t, 'metadata.json: features[0].type', one, untyped)
  refuse(t, 'metadata.json: features', forest, features({ name: 'a', type: 'numeric' }))
  refuse(t, 'metadata.json: features[1].name', forest, features({ name: 'a', type: 'numeric' }, { name: 'a', type: 'numeric' }))
  refuse(t, 'metadata.json: features[0].name', one, features({ name: '_data', type: 'numeric' }))
  refuse(t, 'metadata.json: features[0].name', one, features({ name: '_samples', type: 'numeric' }))
  t.doesNotThrow(() => specify(one, features({ name: 'features', type: 'numeric' })))
  refuse(t, 'metadata.json: features[0].categories', one, features({ name: 'a', type: 'category' }))
  refuse(t, 'metadata.json: features[0].type', one, features({ name: 'a', type: 'string' }))
  refuse(t, 'metadata.json: features[0].shape', one, features({ name: 'a', type: 'vector' }))
  refuse(t, 'metadata.json: features[0].shape', load('image'), features({ name: 'image', type: 'vector', shape: [4, 4, 2] }))
  refuse(t, 'metadata.json: features[0].accepts_missing', whole, features({ name: 'a', type: 'integer', accepts_missing: true }))
  t.doesNotThrow(() => specify(whole, features({ name: 'a', type: 'integer', accepts_missing: true, default: 3 })))
  for (const feature of [
    { type: 'numeric', default: 'x' }, { type: 'numeric', default: 11, maximum: 10 }, { type: 'numeric', default: 1, minimum: 2 },
    { type: 'integer', default: 1.5 }, { type: 'boolean', default: 1 }, { type: 'category', categories: ['a'], default: 'b' }
  ] as const) refuse(t, 'metadata.json: features[0].default', one, { features: JSON.parse(JSON.stringify([{ name: 'a', ...feature }])) })
  refuse(t, 'metadata.json: features[0].default', whole, features({ name: 'a', type: 'integer', default: 200 }))
  refuse(t, 'metadata.json: features[0].minimum', one, features({ name: 'a', type: 'numeric', minimum: 2, maximum: 1 }))
  refuse(t, 'metadata.json: features[0].name', load('columns'), features({ name: 'town', type: 'string' }))
  refuse(t, 'metadata.json: features', load('columns'), features({ name: 'city', type: 'string' }))
})

t.test('names and numbers that contradict the outputs are refused at their place', async (t) => {
  refuse(t, 'metadata.json: input', forest, { input: 'float_input' })
  refuse(t, 'metadata.json: outputs.value', forest, { outputs: { value: 'variable' } })
  refuse(t, 'metadata.json: outputs.probabilities', forest, { outputs: { probabilities: 'label' } })
  refuse(t, 'metadata.json: class_names', forest, { class_names: ['a', 'b', 'c'] })
  refuse(t, 'metadata.json: class_names', load('softmax'), { class_names: ['a', 'b'] })
  refuse(t, 'metadata.json: task', forest, { task: 'MULTICLASS_CLASSIFICATION' })
  refuse(t, 'metadata.json: task', forest, { task: 'REGRESSION' })
  refuse(t, 'metadata.json: task', load('logits'), { task: 'MULTICLASS_CLASSIFICATION', class_names: ['a', 'b', 'c'] })
  refuse(t, 'metadata.json: decision_threshold', load('softmax'), { decision_threshold: 0.5 })
  refuse(t, 'metadata.json: decision_threshold', load('boosting-raw'), { decision_threshold: 0.5 })
  refuse(t, 'model.onnx: inputs', load('bfloat16'), undefined)
})

t.test('the output of a ZipMap may be named by its name in the file', async (t) => {
  const metadata: Metadata = { outputs: { label: 'output_label', probabilities: 'output_probability' }, class_names: ['a', 'b', 'c'] }
  t.match(specify(load('logistic'), metadata).specification, { roles: { label: 0, probabilities: 1 }, classes: [0, 1, 2], classNames: ['a', 'b', 'c'] })
})

t.test('metadata goes before the graph', async (t) => {
  t.match(specify(forest, { task: 'OTHER', class_names: ['a', 'b'] }), { specification: { task: 'OTHER', classNames: undefined }, warnings: [/class_names/] })
  t.match(specify(load('linear'), { target_names: ['a', 'b'] }), { specification: { task: 'REGRESSION', targetNames: ['a', 'b'] }, warnings: [/target_names/] })
})

t.test('a distribution beside a label that is not ranked by it gives no probabilities', async (t) => {
  const classifiers = [{ operator: 'MatMul', classes: [10, 20], label: 'label', scores: 'logits', postTransform: 'NONE' }]
  const label = tensor('label', [-1], 'int64')
  const whole = specify(describe([tensor('x', [-1, 2])], [label, tensor('gender', [-1, 2])], { classifiers, producers: { gender: 'Softmax' } }), undefined)
  t.same([whole.specification.roles, whole.specification.classes], [{ label: 0 }, [10, 20]])
  const parts = specify(describe([tensor('x', [-1, 2])], [label, tensor('gender_female', [-1, 1]), tensor('gender_male', [-1, 1])], { classifiers }), undefined)
  t.same(parts.specification.roles, { label: 0 })
  t.same(parts.warnings, ['model.onnx: outputs: the probabilities of the classes are in separate outputs and are not used; export the model with zipmap=False'])
})
