import { Ajv } from 'ajv'
import t from 'tap'
import { listUnknownKeys, MetadataSchema, normalizeMetadata } from '../../schemas/metadata.js'

const features = [{ name: 'feature1', type: 'numeric', default: -1, importance: 0.2 }, { name: 'feature2', type: 'string', accepts_missing: false }]

t.test("the flask template's metadata is accepted as it is", async (t) => {
  t.same(normalizeMetadata({ features }), { features })
  t.same(normalizeMetadata({ metadata: { features } }), { features })
  t.same(normalizeMetadata({ task: 'MULTILABEL_CLASSIFICATION', metadata: { features } }), { task: 'MULTICLASS_CLASSIFICATION', features })
})

t.test('a feature list of its own goes before a key called metadata', async (t) => {
  t.same(normalizeMetadata({ features, metadata: { features: [] } }), { features, metadata: { features: [] } })
})

t.test('short names of types are understood and the rest is left to validation', async (t) => {
  const types = ['int', 'float', 'str', 'bool', 'number', 'numeric', 'date', 5].map((type) => ({ name: 'a', type }))
  t.same(normalizeMetadata({ features: types }), { features: ['integer', 'numeric', 'string', 'boolean', 'numeric', 'numeric', 'date', 5].map((type) => ({ name: 'a', type })) })
  for (const value of [null, 5, 'x', [1], { features: [null, 5] }, { features: 'x' }]) t.same(normalizeMetadata(value), value)
})

t.test('unknown keys are found where the schema names its keys, and nowhere else', async (t) => {
  const value = {
    created: 'today', extra: 1, versions: { onnx: '1' }, training: { history: [{ epoch: 1, mood: 'good' }], metrics: { f1: 1 }, time: 1 }, rules: [{ message: 'm', logic: { '<': [1, 2] }, kind: 1 }, { message: 'm', logic: [1] }], constructor: 1
  }
  t.same(listUnknownKeys(MetadataSchema, value), ['extra', 'training.time', 'rules[0].kind', 'constructor'])
})

t.test('the complete example of the documentation is valid and has no unknown key', async (t) => {
  const value = {
    schema: 1,
    task: 'BINARY_CLASSIFICATION',
    description: 'Credit risk',
    estimator: 'sklearn.ensemble.RandomForestClassifier',
    created: '2025-01-01T00:00:00Z',
    versions: { 'scikit-learn': '1.7.0' },
    class_names: ['good', 'bad'],
    features: [
      { name: 'income', type: 'numeric', description: 'Per year', unit: 'EUR', default: -1, accepts_missing: true, minimum: 0, maximum: 10, importance: 0.2 },
      { name: 'kind', type: 'category', categories: ['a', 2] },
      { name: 'image', type: 'vector', shape: [3, 8, 8] }
    ],
    importance_kind: 'impurity',
    input: 'float_input',
    outputs: { label: 'label', probabilities: 'probabilities', value: 'variable', scores: 'scores', logits: 'logits' },
    target_names: ['risk'],
    training: { history: [{ epoch: 1, loss: 0.65, accuracy: 0.7 }], metrics: { accuracy: 0.97 } },
    decision_threshold: 0.5,
    rules: [{ message: 'income is above zero', logic: { '>': [{ var: 'income' }, 0] } }],
    explain: { covers: 'nodes_hitrates', tree_input: 'transformed_column', column_groups: [0, 1, 2, 2], background_sha256: 'ab' }
  }
  const validate = new Ajv({ allowUnionTypes: true }).compile(MetadataSchema)
  t.equal(validate(value), true, { errors: validate.errors })
  t.same(listUnknownKeys(MetadataSchema, value), [])
  t.equal(validate({}), true)
})
