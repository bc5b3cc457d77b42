import t from 'tap'
import type { ModelSpecification } from '../../../../codecs/specification.js'
import type { DataType, Tensor, TensorData } from '../../../../codecs/tensor.js'
import { PredictionDecoder } from '../../../../plugins/models/predictions/predictions.js'

const classifier: ModelSpecification = {
  layout: { kind: 'columns', inputs: [] },
  outputs: [{ name: 'label', type: 'int64', dims: [-1] }, { name: 'probabilities', type: 'float32', dims: [-1, 3] }],
  roles: { label: 0, probabilities: 1 },
  task: 'MULTICLASS_CLASSIFICATION',
  classes: [0, 1, 2],
  classNames: ['setosa', 'versicolor', 'virginica'],
  labelFromProbabilities: false,
  batchable: true
}

const regressor: ModelSpecification = {
  layout: { kind: 'columns', inputs: [] }, outputs: [{ name: 'variable', type: 'float32', dims: [-1, 1] }], roles: { value: 0 }, task: 'REGRESSION', labelFromProbabilities: false, batchable: true
}

function tensor (type: DataType, dims: number[], data: TensorData): Tensor {
  return { name: 'output', type, dims, data }
}

const labels = (...values: bigint[]) => tensor('int64', [values.length], BigInt64Array.from(values))
const floats = (dims: number[], ...values: number[]) => tensor('float64', dims, Float64Array.from(values))

function decode (specification: Partial<ModelSpecification>, outputs: Tensor[], rows = 1) {
  return new PredictionDecoder({ ...classifier, ...specification }, 'm').decode(outputs, rows)
}

t.test('A classifier gives its label, the class, its probability and all probabilities in class order', async (t) => {
  const results = decode({}, [labels(0n, 2n), floats([2, 3], 0.95, 0.03, 0.02, 0.1, 0.2, 0.7)], 2)
  t.equal(JSON.stringify(results), JSON.stringify([
    { prediction: 0, predicted_class: 'setosa', confidence: 0.95, probabilities: { setosa: 0.95, versicolor: 0.03, virginica: 0.02 } },
    { prediction: 2, predicted_class: 'virginica', confidence: 0.7, probabilities: { setosa: 0.1, versicolor: 0.2, virginica: 0.7 } }
  ]))
  t.match(decode({}, [tensor('int64', [1, 1], BigInt64Array.of(1n)), floats([1, 3], 0.1, 0.8, 0.1)]), [{ prediction: 1, confidence: 0.8 }], 'a column of labels')
  const decoder = new PredictionDecoder(classifier, 'm')
  t.equal(decoder.hasProbabilities, true)
  t.strictSame(decoder.decode([labels(0n), floats([1, 3], 0.5, 0.25, 0.25)], 1, { probabilities: false }), [{ prediction: 0, predicted_class: 'setosa', confidence: 0.5 }])
})

t.test("The model's own label is the prediction, even against its probabilities", async (t) => {
  const outputs = [labels(1n), floats([1, 3], 0.6, 0.3, 0.1)]
  t.match(decode({}, outputs), [{ prediction: 1, predicted_class: 'versicolor', confidence: 0.3 }])
  t.match(decode({ labelFromProbabilities: true }, outputs), [{ prediction: 0, predicted_class: 'setosa', confidence: 0.6 }])
  t.match(decode({ roles: { probabilities: 1 } }, outputs), [{ prediction: 0, confidence: 0.6 }])
})

t.test('Labels of any kind are found by position', async (t) => {
  const binary: Partial<ModelSpecification> = { task: 'BINARY_CLASSIFICATION', classes: [-1, 1], classNames: ['bad', 'good'] }
  t.strictSame(decode(binary, [labels(-1n), floats([1, 2], 0.75, 0.25)]), [{ prediction: -1, predicted_class: 'bad', confidence: 0.75, probabilities: { bad: 0.75, good: 0.25 } }])
  t.match(decode({ classes: ['a', 'b', 'c'], classNames: ['a', 'b', 'c'] }, [tensor('string', [1], ['b']), floats([1, 3], 0.2, 0.5, 0.3)]), [{ prediction: 'b', predicted_class: 'b', confidence: 0.5 }])
  t.match(decode({ classes: ['9007199254740993', 1, 2] }, [labels(9007199254740993n), floats([1, 3], 0.9, 0.05, 0.05)]), [{ prediction: '9007199254740993', predicted_class: 'setosa', confidence: 0.9 }])
  const { classNames, ...unnamed } = classifier
  t.match(new PredictionDecoder({ ...unnamed, classes: [5, 6, 7] }, 'm').decode([labels(6n), floats([1, 3], 0.2, 0.5, 0.3)], 1), [{ prediction: 6, predicted_class: '6', confidence: 0.5, probabilities: { 5: 0.2, 6: 0.5, 7: 0.3 } }])
  const { classes, ...anonymous } = unnamed
  t.match(new PredictionDecoder(anonymous, 'm').decode([labels(2n), floats([1, 3], 0.2, 0.3, 0.5)], 1), [{ prediction: 2, predicted_class: '2', confidence: 0.5, probabilities: { 0: 0.2, 1: 0.3, 2: 0.5 } }])
  t.match(decode({}, [labels(7n), floats([1, 3], 0.2, 0.3, 0.5)]), [{ prediction: 7, predicted_class: '7', confidence: null }], 'a label that is no class')
})

t.test('Without probabilities there is no confidence', async (t) => {
  t.strictSame(decode({ roles: { label: 0, scores: 1 } }, [labels(1n), floats([1, 3], 5, -1, 2)]), [{ prediction: 1, predicted_class: 'versicolor', confidence: null }])
  t.equal(new PredictionDecoder({ ...classifier, roles: { label: 0 } }, 'm').hasProbabilities, false)
})

t.test('One column of probabilities is that of the second class', async (t) => {
  const binary: Partial<ModelSpecification> = { task: 'BINARY_CLASSIFICATION', classes: [0, 1], classNames: ['no', 'yes'], roles: { probabilities: 0 } }
  t.strictSame(decode(binary, [floats([2, 1], 0.25, 0.75)], 2), [
    { prediction: 0, predicted_class: 'no', confidence: 0.75, probabilities: { no: 0.75, yes: 0.25 } },
    { prediction: 1, predicted_class: 'yes', confidence: 0.75, probabilities: { no: 0.25, yes: 0.75 } }
  ])
  t.match(decode(binary, [floats([1], 0.75)]), [{ prediction: 1 }], 'without the dimension of columns too')
  t.match(decode({ ...binary, classes: ['only'], classNames: ['only'] }, [floats([1, 1], 1)]), [{ prediction: 'only', confidence: 1, probabilities: { only: 1 } }])
})

t.test('A decision threshold decides instead of the label', async (t) => {
  const binary: Partial<ModelSpecification> = { task: 'BINARY_CLASSIFICATION', classes: [0, 1], classNames: ['no', 'yes'], decisionThreshold: 0.25 }
  t.match(decode(binary, [labels(0n, 1n), floats([2, 2], 0.75, 0.25, 0.875, 0.125)], 2), [
    { prediction: 1, predicted_class: 'yes', confidence: 0.25 }, { prediction: 0, predicted_class: 'no', confidence: 0.875 }
  ])
})

t.test('Logits become probabilities', async (t) => {
  // LogisticRegression(max_iter=1000) on iris: decision_function and predict_proba of rows 0, 60 and 120.
  const logits = [7.339284504225822, 3.3592992614748143, -10.6985837657, -0.22654587241484414, 2.596184496285997, -2.3696386238706175, -6.816334166894228, 1.5537913995471184, 5.262542767347615]
  const expected = [[0.981656829444016, 0.01834315616093856, 1.4395045350105303e-08], [0.05574132348759305, 0.9377206915108175, 0.006537985001589561], [5.542332720222303e-06, 0.023921694532334666, 0.9760727631349452]]
  const results = decode({ roles: { logits: 0 } }, [floats([3, 3], ...logits)], 3)
  t.strictSame(results.map(({ prediction }) => prediction), [0, 1, 2])
  for (const [row, { probabilities }] of results.entries()) {
    for (const [index, probability] of Object.values(probabilities ?? {}).entries()) t.ok(Math.abs(probability - (expected[row]?.[index] ?? NaN)) < 1e-12)
  }
  t.match(decode({ roles: { logits: 0 } }, [floats([1, 3], 1000, 1001, -1e308)]), [{ prediction: 1, confidence: 0.7310585786300049 }], 'large ones do not overflow')
  // The same for the first four columns of breast_cancer: one column for two classes.
  const [benign] = decode({ roles: { logits: 0 }, classes: [0, 1], classNames: ['malignant', 'benign'] }, [floats([1, 1], 2.059948736537116)])
  t.ok(Math.abs((benign?.confidence ?? NaN) - 0.8869490298194772) < 1e-12)
  t.equal(benign?.predicted_class, 'benign')
})

t.test('A class may be called anything', async (t) => {
  const classNames = ['__proto__', 'constructor', '']
  const [result] = decode({ classNames }, [labels(0n), floats([1, 3], 0.5, 0.25, 0.25)])
  t.equal(JSON.stringify(result?.probabilities), '{"__proto__":0.5,"constructor":0.25,"":0.25}')
  t.equal(Object.getPrototypeOf(result?.probabilities), Object.prototype)
})

t.test('A regression is a number, or its targets by name or in a list', async (t) => {
  const decoder = new PredictionDecoder(regressor, 'm')
  t.strictSame(decoder.decode([tensor('float32', [2, 1], Float32Array.of(1.5, -0))], 2), [{ prediction: 1.5, confidence: null }, { prediction: 0, confidence: null }])
  t.ok(Object.is(decoder.decode([floats([1], -0)], 1)[0]?.prediction, 0), '-0 is 0')
  t.strictSame(decoder.decode([tensor('float16', [1, 1], Uint16Array.of(0x2e66))], 1)[0]?.prediction, 0.0999755859375)
  t.strictSame(decoder.decode([tensor('int64', [1, 1], BigInt64Array.of(-9007199254740993n))], 1)[0]?.prediction, '-9007199254740993')
  const two = [floats([2, 2], 1, 2, 3, 4)]
  t.strictSame(decoder.decode(two, 2).map(({ prediction }) => prediction), [[1, 2], [3, 4]])
  t.strictSame(new PredictionDecoder({ ...regressor, targetNames: ['x', 'y'] }, 'm').decode(two, 2).map(({ prediction }) => prediction), [{ x: 1, y: 2 }, { x: 3, y: 4 }])
})

t.test('Other tasks give their outputs by name, an outlier detector its label', async (t) => {
  const other: Partial<ModelSpecification> = {
    task: 'OTHER',
    roles: {},
    outputs: [{ name: 'embedding', type: 'float32', dims: [-1, -1] }, { name: 'score', type: 'float32', dims: [-1, 1] }, { name: 'grid', type: 'int64', dims: [-1, 2, 1] }, { name: 'flag', type: 'bool', dims: [-1] }, { name: 'word', type: 'string', dims: [-1] }]
  }
  const outputs = [
    floats([2, 1], 0.5, 0.25), floats([2, 1], 1, 2), tensor('int64', [2, 2, 1], BigInt64Array.of(1n, 2n, 3n, 9007199254740993n)), tensor('bool', [2], Uint8Array.of(1, 0)), tensor('string', [2], ['a', 'b'])
  ]
  t.strictSame(decode(other, outputs, 2), [
    { prediction: { embedding: [0.5], score: 1, grid: [[1], [2]], flag: true, word: 'a' }, confidence: null },
    { prediction: { embedding: [0.25], score: 2, grid: [[3], ['9007199254740993']], flag: false, word: 'b' }, confidence: null }
  ])
  const detector: Partial<ModelSpecification> = { task: 'OTHER', roles: {}, outputs: [{ name: 'boxes', type: 'float32', dims: [-1, 2] }, { name: 'loss', type: 'float32', dims: [] }] }
  t.strictSame(decode(detector, [floats([3, 2], 1, 2, 3, 4, 5, 6), floats([], 0.5)])[0]?.prediction, { boxes: [[1, 2], [3, 4], [5, 6]], loss: 0.5 })
  t.strictSame(decode(detector, [floats([0, 2]), floats([], 0.5)])[0]?.prediction, { boxes: [], loss: 0.5 })
  t.strictSame(decode({ task: 'OTHER', roles: { label: 0, scores: 1 } }, [tensor('int64', [1, 1], BigInt64Array.of(-1n)), floats([1, 1], -0.1)]), [{ prediction: -1, confidence: null }])
})

t.test('What is no finite number is a failure of the model', async (t) => {
  const failure = { code: 'NON_FINITE_PREDICTION', message: "Model 'm' gave a prediction that is not a finite number" }
  for (const bad of [NaN, Infinity, -Infinity]) {
    t.throws(() => new PredictionDecoder(regressor, 'm').decode([floats([2, 1], 1, bad)], 2), failure)
    t.throws(() => decode({}, [labels(0n), floats([1, 3], 0.5, bad, 0.5)]), failure)
    t.throws(() => decode({ roles: { logits: 0 } }, [floats([1, 3], 0, bad, 0)]), failure)
    t.throws(() => decode({ roles: { label: 0 } }, [floats([1], bad)]), failure)
    t.throws(() => decode({ task: 'OTHER', roles: {}, outputs: [{ name: 'a', type: 'float64', dims: [-1, 2] }] }, [floats([1, 2], 0, bad)]), failure)
  }
})

t.test('Outputs that do not fit the records are a failure of the model', async (t) => {
  const failure = { code: 'INFERENCE_FAILED' }
  t.throws(() => decode({}, [labels(0n), floats([1, 3], 1, 0, 0)], 2), failure)
  t.throws(() => decode({}, [labels(0n), floats([1, 2], 1, 0)]), { ...failure, cause: { message: 'there are 2 probabilities for 3 classes' } })
  t.throws(() => decode({ task: 'OTHER', roles: {} }, [labels(0n), floats([2, 1], 1, 0)], 2), { ...failure, cause: { message: 'output 0 has dimensions [1] and no row 1' } })
  t.throws(() => decode({ task: 'OTHER', roles: {} }, [labels(0n)]), { ...failure, cause: { message: 'output 1 has dimensions [none] and no row 0' } })
  t.throws(() => new PredictionDecoder(regressor, 'm').decode([floats([0, 1])], 1), failure)
  t.throws(() => decode({}, [labels(0n)]), failure)
  t.throws(() => decode({ roles: { label: 3 } }, [labels(0n)]), failure)
  t.throws(() => new PredictionDecoder(regressor, 'm').decode([floats([], 1)], 2), failure)
  t.match(new PredictionDecoder(regressor, 'm').decode([floats([], 1)], 1), [{ prediction: 1 }])
})

t.test('A probability that rounding carried past 0 or 1 is cut off there; logits are not', async (t) => {
  t.match(decode({}, [labels(0n), floats([1, 3], 1.0000001, -1e-8, 0)]), [{ confidence: 1, probabilities: { setosa: 1, versicolor: 0, virginica: 0 } }])
  const [one] = decode({ roles: { label: 0, logits: 1 } }, [labels(0n), floats([1, 3], 5, 3, -40)])
  t.ok(Math.abs((one?.confidence ?? 0) - 1 / (1 + Math.exp(-2))) < 1e-9)
})
