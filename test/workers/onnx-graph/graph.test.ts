import { readFileSync } from 'node:fs'
import { PbfWriter } from 'pbf'
import t from 'tap'
import { readGraph, tapOutputs } from '../../../workers/onnx-graph/graph.js'

function load (name: string): Uint8Array {
  return readFileSync(new URL(`../../fixtures/graphs/${name}.onnx`, import.meta.url))
}

type Write = (pbf: PbfWriter) => void

function write (fill: Write): Uint8Array {
  const pbf = new PbfWriter()
  fill(pbf)
  return pbf.finish().slice()
}

function nest (pbf: PbfWriter, field: number, fill: Write): void {
  pbf.writeMessage(field, (run: Write, inner) => run(inner), fill)
}

/** A model whose graph is written by `fill`, with an output `y` and an operator set. */
function model (fill: Write): Uint8Array {
  return write((pbf) => {
    pbf.writeVarintField(1, 8)
    nest(pbf, 7, (graph) => {
      fill(graph)
      nest(graph, 12, (info) => info.writeStringField(1, 'y'))
    })
    nest(pbf, 8, (opset) => opset.writeVarintField(2, 17))
  })
}

function node (graph: PbfWriter, operator: string, inputs: string[], outputs: string[], ...attributes: Write[]): void {
  nest(graph, 1, (pbf) => {
    for (const input of inputs) pbf.writeStringField(1, input)
    for (const output of outputs) pbf.writeStringField(2, output)
    pbf.writeStringField(4, operator)
    for (const attribute of attributes) nest(pbf, 5, attribute)
  })
}

t.test('a default scikit-learn export tells its inputs, outputs, classifier and ZipMap', async (t) => {
  const graph = readGraph(load('logistic'))
  t.equal(graph.producer, 'skl2onnx')
  t.same(graph.inputs, [{ name: 'X', kind: 'tensor', type: 'float32', elementType: 1, dims: [-1, 4] }])
  t.match(graph.outputs, [{ name: 'output_label', kind: 'tensor', type: 'int64' }, { name: 'output_probability', kind: 'sequence' }])
  t.equal(graph.outputs[1]?.type, undefined)
  t.same(graph.operators, ['LinearClassifier', 'Cast', 'Normalizer', 'ZipMap'])
  t.same(graph.classifiers, [{ operator: 'LinearClassifier', classes: [0, 1, 2], label: 'output_label', scores: 'probabilities', postTransform: 'SOFTMAX' }])
  t.same(graph.zipMaps, [{ output: 'output_probability', input: 'probabilities', classes: [0, 1, 2] }])
  t.same(graph.producers, { output_label: 'LinearClassifier', output_probability: 'ZipMap', probabilities: 'Normalizer' })
  t.same(graph.opsets.find(({ domain }) => domain === 'ai.onnx.ml')?.domain, 'ai.onnx.ml')
  t.same(graph.externalData, [])
  t.notOk('preprocessed' in graph)
})

t.test('classes are numbers, negative ones too, or strings', async (t) => {
  t.same(readGraph(load('forest-signed')).classifiers[0]?.classes, [-1, 1])
  t.same(readGraph(load('logistic-strings')).classifiers[0]?.classes, ['setosa', 'versicolor', 'virginica'])
})

t.test('trees tell whether a leaf is negative', async (t) => {
  t.match(readGraph(load('forest-signed')).classifiers[0], { postTransform: 'NONE', nonNegativeWeights: true })
  t.match(readGraph(load('boosting')).classifiers[0], { postTransform: 'LOGISTIC', nonNegativeWeights: false, scores: 'probabilities' })
})

t.test('a look-up of the label in a list of classes is a classifier', async (t) => {
  const lookups = [
    ['mlp', 'Softmax', [0, 1, 2], 'label', 'probabilities'],
    ['mlp-binary', 'Concat', [0, 1], 'label', 'probabilities'],
    ['mlp-strings', 'Softmax', ['setosa', 'versicolor', 'virginica'], 'output_label', 'out_activations_result'],
    ['bayes', 'Exp', ['setosa', 'versicolor', 'virginica'], 'label', 'probabilities'],
    ['calibrated', 'Div', [0, 1], 'label', 'probabilities']
  ] as const
  for (const [name, operator, classes, label, scores] of lookups) {
    t.same(readGraph(load(name)).classifiers.at(-1), { operator, classes, label, scores, postTransform: 'NONE' }, name)
  }
})

t.test('a support vector machine tells whether it gives probabilities', async (t) => {
  t.equal(readGraph(load('svc-probability')).classifiers[0]?.postTransform, 'PLATT')
  t.equal(readGraph(load('svc')).classifiers[0]?.postTransform, 'NONE')
})

t.test('scores that are split into one output per class keep the name of the whole tensor', async (t) => {
  t.match(readGraph(load('logistic-columns')), {
    classifiers: [{ label: 'output_label', scores: 'probabilities' }],
    zipMaps: [],
    splits: [{ input: 'probabilities', outputs: ['i0', 'i1'] }],
    producers: { probabilities: 'LinearClassifier' }
  })
  const zoo = (name: string) => readGraph(readFileSync(new URL(`../../fixtures/zoo/${name}/model.onnx`, import.meta.url)))
  for (const [name, classes] of Object.entries({ 'boosting-zipmap-columns': [-3, 7], 'mlp-zipmap-columns': ['no', 'yes'], 'k-neighbors-zipmap-columns': ['setosa', 'versicolor', 'virginica'] })) {
    const { splits, classifiers } = zoo(name)
    t.match(splits, [{ input: classifiers[0]?.scores, outputs: classes.map((label) => `${typeof label === 'string' ? 's' : 'i'}${label}`) }], name)
    t.same(classifiers[0]?.classes, classes, name)
  }
})

/** A label chosen by the rank of `x·w`, beside a distribution, whole or in slices, that is made by `head`. */
function twoHeads (isSliced: boolean, ...head: [operator: string, from: string, to: string][]): Uint8Array {
  return model((graph) => {
    const ints = (name: string, ...values: number[]): Write => (pbf) => {
      pbf.writeStringField(1, name)
      for (const value of values) pbf.writeVarintField(8, value)
    }
    node(graph, 'MatMul', ['x', 'w'], ['logits'])
    for (const [operator, from, to] of head) node(graph, operator, [from], [to])
    node(graph, 'ArgMax', ['logits'], ['best'])
    node(graph, 'ArrayFeatureExtractor', ['classes', 'best'], ['label'])
    for (const [index, output] of ['y', 'z'].entries()) {
      if (isSliced) node(graph, 'Slice', ['p'], [output], ints('starts', index), ints('ends', index + 1), ints('axes', 1))
    }
    if (!isSliced) node(graph, 'Identity', ['p'], ['y'])
    nest(graph, 5, (tensor) => {
      tensor.writeVarintField(2, 7)
      tensor.writePackedVarint(7, [0, 1])
      tensor.writeStringField(8, 'classes')
    })
    for (const name of isSliced ? ['label', 'z'] : ['label']) nest(graph, 12, (info) => info.writeStringField(1, name))
  })
}

t.test('what is not computed from that which ranks the classes is no score of theirs', async (t) => {
  const own: [string, string, string][] = [['Softmax', 'logits', 'p']]
  const other: [string, string, string][] = [['Neg', 'x', 'minus'], ['Softmax', 'minus', 'p']]
  t.match(readGraph(twoHeads(true, ...own)), { classifiers: [{ label: 'label', scores: 'p' }], splits: [{ input: 'p', outputs: ['y', 'z'] }] })
  t.match(readGraph(twoHeads(false, ...own)).classifiers, [{ label: 'label', scores: 'y' }])
  for (const isSliced of [true, false]) {
    const { classifiers, splits } = readGraph(twoHeads(isSliced, ...other))
    t.match(classifiers, [{ label: 'label', scores: 'logits', classes: [0, 1] }])
    t.same(splits, [])
  }
})

/** A graph that slices `p` into the outputs `y` and `z` with the bounds given, in front of a classifier of two classes. */
function sliced (...bounds: [start: number, end: number, axis: number][]): Uint8Array {
  return model((graph) => {
    const ints = (name: string, values: number[]): Write => (pbf) => {
      pbf.writeStringField(1, name)
      for (const value of values) pbf.writeVarintField(8, value)
    }
    node(graph, 'LinearClassifier', ['x'], ['label', 'p'], ints('classlabels_ints', [0, 1]))
    for (const [index, [start, end, axis]] of bounds.entries()) {
      node(graph, 'Slice', ['p'], [`part${index}`], ints('starts', [start]), ints('ends', [end]), ints('axes', [axis]))
      node(graph, 'Squeeze', [`part${index}`], [index === 0 ? 'y' : 'z'])
    }
    for (const name of ['label', 'z']) nest(graph, 12, (info) => info.writeStringField(1, name))
  })
}

t.test('only outputs that are all the columns of the scores belong together', async (t) => {
  t.same(readGraph(sliced([0, 1, 1], [1, 2, 1])).splits, [{ input: 'p', outputs: ['y', 'z'] }], 'bounds may be attributes')
  t.same(readGraph(sliced([1, 2, 1], [0, 1, 1])).splits, [{ input: 'p', outputs: ['z', 'y'] }], 'in the order of the columns')
  for (const bounds of [[[0, 1, 0], [1, 2, 0]], [[0, 1, 1], [2, 3, 1]], [[0, 2, 1], [1, 2, 1]], [[0, 1, 1], [0, 1, 1]], [[0, 1, 1]]] as [number, number, number][][]) t.same(readGraph(sliced(...bounds)).splits, [])
})

t.test('columns that reach an encoder are told with all it knows, where it takes nothing else', async (t) => {
  const zoo = (name: string) => readGraph(readFileSync(new URL(`../../fixtures/zoo/${name}/model.onnx`, import.meta.url))).encoders
  const [island, sex, year] = [['Biscoe', 'Dream', 'Torgersen'], ['', 'FEMALE', 'MALE'], [2007, 2008, 2009]]
  const all = [{ input: 'island', column: 0, categories: island }, { input: 'sex', column: 0, categories: sex }, { input: 'year', column: 0, categories: year }]
  t.same(zoo('one-hot'), all)
  t.same(zoo('ordinal'), all)
  t.same(zoo('one-hot-columns'), [{ input: 'X', column: 0, categories: island }, { input: 'X', column: 1, categories: sex }])
  t.same(zoo('one-hot-merged'), all.slice(0, 2), 'inputs may be put together before')
  t.same(zoo('one-hot-some'), all.slice(0, 1), 'the others take what they do not know')
  for (const name of ['ordinal-unknown', 'strings-and-booleans', 'logistic-int-labels']) t.same(zoo(name), [], name)
  t.same(readGraph(load('columns')).encoders, [{ input: 'city', column: 0, categories: ['a', 'b'] }])
})

const text = (name: string, ...values: string[]): Write => (pbf) => {
  pbf.writeStringField(1, name)
  for (const value of values) pbf.writeStringField(9, value)
}

const number = (name: string, value: number): Write => (pbf) => {
  pbf.writeStringField(1, name)
  pbf.writeVarintField(3, value)
}

/** An input of strings, or of numbers with another element type. */
function input (graph: PbfWriter, name: string, columns?: number, element = 8): void {
  nest(graph, 11, (info) => {
    info.writeStringField(1, name)
    nest(info, 2, (type) => nest(type, 1, (tensor) => {
      tensor.writeVarintField(1, element)
      nest(tensor, 2, (shape) => {
        nest(shape, 1, (dim) => dim.writeStringField(2, 'N'))
        if (columns !== undefined) nest(shape, 1, (dim) => dim.writeVarintField(1, columns))
      })
    }))
  })
}

function encode (graph: PbfWriter, from: string, ...categories: string[]): void {
  node(graph, 'OneHotEncoder', [from], [`${from}e`], text('cats_strings', ...categories), number('zeros', 0))
}

t.test('what several encoders of a column know is what all of them know', async (t) => {
  const both = (...second: string[]) => readGraph(model((graph) => {
    encode(graph, 'x', 'a', 'b', 'c')
    node(graph, 'Identity', ['x'], ['same'])
    encode(graph, 'same', ...second)
    input(graph, 'x')
  })).encoders
  t.same(both('b', 'c', 'd'), [{ input: 'x', column: 0, categories: ['b', 'c'] }])
  t.same(both('d'), [])
})

t.test('a column is followed only where its way is clear', async (t) => {
  const index = (pbf: PbfWriter, at: number): void => nest(pbf, 5, (tensor) => {
    tensor.writeVarintField(2, 7)
    tensor.writeVarintField(7, at)
    tensor.writeStringField(8, 'at')
  })
  const taken = (at: number, axis: number, joined: number, widths: (number | undefined)[], element?: number) => readGraph(model((graph) => {
    const names = widths.map((_, position) => `x${position}`)
    node(graph, 'Concat', names, ['all'], number('axis', joined))
    node(graph, 'Gather', ['all', 'at'], ['one'], number('axis', axis))
    encode(graph, 'one', 'a')
    index(graph, at)
    for (const [position, width] of widths.entries()) input(graph, `x${position}`, width, element)
  })).encoders.map(({ input, column }) => [input, column])
  t.same(taken(2, 1, 1, [2, 2]), [['x1', 0]])
  t.same(taken(1, 1, 1, [1, undefined]), [['x1', 0]])
  t.same(taken(4, 1, 1, [2, 2]), [], 'there is no such column')
  t.same(taken(0, 0, 1, [2, 2]), [], 'it takes a row')
  t.same(taken(0, 1, 0, [2, 2]), [], 'rows are put together')
  t.same(taken(0, 1, 1, [0, 2]), [], 'the width is not known')
  t.same(taken(2, 1, 1, [2, 2], 7), [], 'strings are no integers')
  const whole = model((graph) => {
    encode(graph, 'x', 'a')
    input(graph, 'x', 2)
  })
  t.same(readGraph(whole).encoders, [], 'it reads several columns at once')
  const endless = model((graph) => {
    encode(graph, 'y', 'a')
    node(graph, 'Identity', ['y'], ['y'])
  })
  t.same(readGraph(endless).encoders, [])
})

t.test('an encoder is passed over where the graph does not tell that it refuses anything', async (t) => {
  const encoders = (operator: string, ...attributes: Write[]) => readGraph(model((graph) => {
    for (const from of ['x', 'x2']) node(graph, operator, [from], [`${from}e`], ...attributes)
    node(graph, 'StringNormalizer', ['x'], ['x2'])
    input(graph, 'x')
  })).encoders
  t.same(encoders('OneHotEncoder', text('cats_strings', 'a'), number('zeros', 0)), [{ input: 'x', column: 0, categories: ['a'] }], 'only that which reads what was sent')
  t.same(encoders('OneHotEncoder', text('cats_strings', 'a')), [])
  t.same(encoders('OneHotEncoder', number('zeros', 0)), [])
  t.same(encoders('LabelEncoder', text('keys_strings', 'a')), [], 'its default may be meant')
})

t.test('columns are told whose missing values the graph has an answer to', async (t) => {
  const zoo = (name: string) => readGraph(readFileSync(new URL(`../../fixtures/zoo/${name}/model.onnx`, import.meta.url))).answersMissing.map(({ input, column }) => `${input} ${column}`)
  t.same(zoo('imputed-columns'), ['X 0'], '2 is read as it is, too')
  t.same(zoo('imputed-neighbors'), ['X 0', 'X 2'])
  t.same(zoo('imputed-neighbors-beside-raw'), ['X 0'], '2 is read as it is, too')
  t.same(zoo('imputed-frame'), ['bill_length_mm 0', 'flipper_length_mm 0'])
  t.same(zoo('hist-gradient-boosting'), Array.from({ length: 30 }, (_, column) => `float_input ${column}`), 'its trees have learned where they go')
  for (const name of ['random-forest', 'k-neighbors-classifier', 'svc-probability', 'logistic-int-labels', 'torch-softmax', 'digits-convolution', 'identity-string']) t.same(zoo(name), [], name)
})

t.test('a number that may be missing is followed only where its way is clear', async (t) => {
  const float = (name: string, value: number): Write => (pbf) => {
    pbf.writeStringField(1, name)
    pbf.writeFloatField(2, value)
  }
  const constant = (graph: PbfWriter, name: string, ...values: number[]) => nest(graph, 5, (tensor) => {
    tensor.writePackedVarint(1, [values.length])
    tensor.writeVarintField(2, 7)
    tensor.writePackedVarint(7, values)
    tensor.writeStringField(8, name)
  })
  const imputed = (fill: (graph: PbfWriter) => void, value = NaN) => readGraph(model((graph) => {
    fill(graph)
    node(graph, 'Imputer', ['z'], ['y'], float('replaced_value_float', value))
    input(graph, 'x', 3, 1)
    input(graph, 'w', 1, 1)
    nest(graph, 11, (info) => {
      info.writeStringField(1, 'wide')
      nest(info, 2, (type) => nest(type, 1, (tensor) => {
        tensor.writeVarintField(1, 1)
        nest(tensor, 2, (shape) => { for (const name of ['N', 'M']) nest(shape, 1, (dim) => dim.writeStringField(2, name)) })
      }))
    })
    constant(graph, 'at', 2, 0)
    constant(graph, 'last', -1)
    constant(graph, 'three', 1, 2, 3)
    nest(graph, 15, (sparse) => nest(sparse, 1, (values) => values.writeStringField(8, 'sparse')))
  })).answersMissing.map(({ input, column }) => `${input} ${column}`)
  t.same(imputed((graph) => node(graph, 'Scaler', ['x'], ['z'])), ['x 0', 'x 1', 'x 2'])
  t.same(imputed((graph) => node(graph, 'Scaler', ['x'], ['z']), -1), [], 'it replaces another value')
  for (const by of ['three', 'last']) t.same(imputed((graph) => node(graph, 'Sub', ['x', by], ['z'])), ['x 0', 'x 1', 'x 2'], by)
  t.same(imputed((graph) => node(graph, 'Add', ['w', 'three'], ['z'])), [], 'it makes three columns of one')
  t.same(imputed((graph) => node(graph, 'Add', ['w', 'sparse'], ['z'])), [], 'how many it makes is not known')
  for (const type of [1, 10, 11, 16]) t.same(imputed((graph) => node(graph, 'Cast', ['x'], ['z'], number('to', type))), ['x 0', 'x 1', 'x 2'], String(type))
  for (const type of [7, 9, 8]) {
    t.same(imputed((graph) => {
      node(graph, 'Cast', ['x'], ['n'], number('to', type))
      node(graph, 'Cast', ['n'], ['z'], number('to', 1))
    }), [], 'NaN has become something else')
  }
  t.same(imputed((graph) => node(graph, 'Sub', ['x', 'w'], ['z'])), [], 'it mixes columns')
  t.same(imputed((graph) => node(graph, 'ArrayFeatureExtractor', ['x', 'at'], ['z'])), ['x 2', 'x 0'])
  t.same(imputed((graph) => node(graph, 'Gather', ['x', 'at'], ['z'], number('axis', 0))), [], 'it takes rows')
  t.same(imputed((graph) => node(graph, 'Gather', ['x', 'unknown'], ['z'], number('axis', 1))), [])
  t.same(imputed((graph) => node(graph, 'Concat', ['w', 'x'], ['z'], number('axis', 1))), ['w 0', 'x 0', 'x 1', 'x 2'])
  t.same(imputed((graph) => node(graph, 'Concat', ['w', 'wide'], ['z'], number('axis', 1))), [], 'the width is not known')
  t.same(imputed((graph) => node(graph, 'Concat', ['w', 'x'], ['z'], number('axis', 0))), [], 'rows are put together')
  t.same(imputed((graph) => node(graph, 'Reshape', ['w', 'shape'], ['z'])), ['w 0'])
  t.same(imputed((graph) => node(graph, 'Reshape', ['x', 'shape'], ['z'])), [], 'columns may become rows')
  t.same(imputed((graph) => node(graph, 'Identity', ['wide'], ['z'])), ['wide -1'])
  t.same(imputed((graph) => node(graph, 'Gather', ['x', 'last'], ['z'], number('axis', 1))), ['x 2'])
  for (const index of ['at', 'last']) t.same(imputed((graph) => node(graph, 'Gather', ['wide', index], ['z'], number('axis', 1))), [], 'it is not all of an unknown width')
  t.same(imputed((graph) => node(graph, 'IsNaN', ['x'], ['z'])), ['x 0', 'x 1', 'x 2'])
  t.same(imputed((graph) => {
    for (let copy = 0; copy < 40; copy++) node(graph, 'Concat', ['x', 'x'], ['x'], number('axis', 1))
    node(graph, 'Identity', ['w'], ['z'])
  }), [], 'columns without end')
  const imputedBeside = (width: number) => imputed((graph) => {
    for (let beside = 0; beside < 3; beside++) input(graph, `beside${beside}`, width, 1)
    node(graph, 'Identity', ['x'], ['z'])
  })
  t.same(imputedBeside(30_000), ['x 0', 'x 1', 'x 2'])
  t.same(imputedBeside(40_000), [], 'inputs without end')
})

t.test('one reader that has no answer to a missing value is enough to leave a column out', async (t) => {
  const checked = (fill: (graph: PbfWriter) => void) => readGraph(model((graph) => {
    node(graph, 'IsNaN', ['x'], ['missing'])
    fill(graph)
    for (const name of ['x', 'filler']) input(graph, name, 2, 1)
  })).answersMissing.map(({ column }) => column)
  t.same(checked(() => {}), [0, 1])
  t.same(checked((graph) => node(graph, 'Softmax', ['x'], ['y'])), [])
  t.same(checked((graph) => node(graph, 'MatMul', ['filler', 'x'], ['y'])), [], 'whichever of its inputs')
  t.same(checked((graph) => node(graph, 'Shape', ['x'], ['y'])), [0, 1], 'a shape is no value')
  t.same(checked((graph) => node(graph, 'Where', ['missing', 'filler', 'x'], ['y'])), [0, 1])
  t.same(checked((graph) => node(graph, 'Where', ['missing', 'x', 'filler'], ['y'])), [], 'it takes what is missing')
  t.same(checked((graph) => node(graph, 'Where', ['filler', 'filler', 'x'], ['y'])), [], 'it looks for something else')
  const negated = (...values: string[]) => checked((graph) => {
    node(graph, 'Not', ['missing'], ['there'])
    node(graph, 'Where', ['there', ...values], ['y'])
  })
  t.same(negated('x', 'filler'), [0, 1])
  t.same(negated('filler', 'x'), [])
  const other = checked((graph) => {
    node(graph, 'IsNaN', ['filler'], ['others'])
    node(graph, 'Where', ['others', 'filler', 'x'], ['y'])
  })
  t.same(other, [], 'another tensor was looked at')
  const late = checked((graph) => {
    node(graph, 'Softmax', ['z'], ['y'])
    node(graph, 'Identity', ['x'], ['z'])
  })
  t.same(late, [], 'whatever the order of nodes')
  const captured = checked((graph) => node(graph, 'If', ['c'], ['y'], (attribute) => nest(attribute, 6, (inner) => node(inner, 'Softmax', ['x'], ['y']))))
  t.same(captured, [], 'a sub-graph reads it')
})

t.test('the tensor that reaches the model is named when the graph prepares it', async (t) => {
  t.equal(readGraph(load('scaled-tree')).preprocessed, 'variable')
  t.equal(readGraph(load('columns')).preprocessed, 'transformed_column')
  t.equal(readGraph(load('boosting')).preprocessed, undefined)
  t.equal(readGraph(load('calibrated')).preprocessed, undefined)
})

t.test('initializers listed among the inputs are no inputs', async (t) => {
  t.same(readGraph(load('old-inputs')).inputs.map(({ name }) => name), ['x'])
})

t.test('external data is found in initializers, sparse ones, attributes, sub-graphs and functions', async (t) => {
  t.same(readGraph(load('external')).externalData.sort(), ['../function.bin', 'deep.bin', 'else.bin', 'indices.bin', 'values.bin', 'weights/w.bin'])
})

t.test('an element type that cannot be served has a number and no name', async (t) => {
  const [input] = readGraph(load('bfloat16')).inputs
  t.equal(input?.elementType, 16)
  t.notOk(input && 'type' in input)
})

t.test('packed and unpacked lists read alike, whatever the order of fields', async (t) => {
  const packed = (pbf: PbfWriter) => { pbf.writePackedVarint(8, [-1, 300]); pbf.writeStringField(1, 'classlabels_int64s') }
  const unpacked = (pbf: PbfWriter) => { pbf.writeStringField(1, 'classlabels_int64s'); pbf.writeVarintField(8, -1); pbf.writeVarintField(8, 300) }
  const weights = [(pbf: PbfWriter) => pbf.writePackedFloat(7, [0.5, -2]), (pbf: PbfWriter) => { pbf.writeFloatField(7, 0.5); pbf.writeFloatField(7, -2) }]
  for (const labels of [packed, unpacked]) {
    for (const values of weights) {
      const named = (pbf: PbfWriter) => { pbf.writeStringField(1, 'class_weights'); values(pbf) }
      const graph = readGraph(model((pbf) => node(pbf, 'TreeEnsembleClassifier', ['x'], ['y', 'p'], labels, named)))
      t.same(graph.classifiers, [{ operator: 'TreeEnsembleClassifier', classes: [-1, 300], label: 'y', scores: 'p', postTransform: 'NONE', nonNegativeWeights: false }])
    }
  }
})

t.test('a graph that is given in pieces is merged, and operator sets may be named twice', async (t) => {
  const more = write((pbf) => {
    nest(pbf, 7, (graph) => {
      node(graph, 'Identity', ['p'], ['z'])
      nest(graph, 12, (info) => info.writeStringField(1, 'z'))
    })
    nest(pbf, 8, (opset) => opset.writeVarintField(2, 17))
  })
  const graph = readGraph(Buffer.concat([model((pbf) => node(pbf, 'LinearClassifier', ['x'], ['y', 'p'])), more]))
  t.same(graph.outputs, [{ name: 'y', kind: 'unknown' }, { name: 'z', kind: 'unknown' }])
  t.match(graph.classifiers, [{ label: 'y', scores: 'z' }])
  t.equal(graph.opsets.length, 2)
})

t.test('tapped tensors become outputs, each once', async (t) => {
  const bytes = load('logistic')
  const tapped = tapOutputs(bytes, ['probabilities', 'probability_tensor', 'probabilities', 'output_label'])
  t.same(readGraph(tapped).outputs.map(({ name }) => name), ['output_label', 'output_probability', 'probabilities', 'probability_tensor'])
  t.same(tapped.subarray(0, bytes.length), new Uint8Array(bytes))
  t.same(tapOutputs(tapped, ['probabilities']), tapped)
  t.same(readGraph(bytes).outputs.length, 2)
})

t.test('a file that is cut anywhere is refused', async (t) => {
  const bytes = model((pbf) => node(pbf, 'LinearClassifier', ['x'], ['y', 'p'], (attribute) => attribute.writeStringField(1, 'a')))
  t.doesNotThrow(() => readGraph(bytes))
  for (let length = 1; length < bytes.length; length++) t.throws(() => readGraph(bytes.subarray(0, length)), { message: /truncated|not an ONNX file/ }, String(length))
  t.throws(() => readGraph(load('mlp').subarray(0, 700)), { message: /truncated: it ends after 700 bytes/ })
  t.throws(() => readGraph(new Uint8Array()), { message: /empty/ })
})

t.test('damaged files are read or refused with an error, and always end', async (t) => {
  const bytes = load('columns')
  let refused = 0
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0x00, 0x0a, 0x7f, 0xff]) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = value
      try {
        readGraph(damaged)
      } catch (error) {
        refused++
        if (!(error instanceof Error) || error instanceof TypeError || !/^(is not an ONNX file|the file)/.test(error.message) || /Unimplemented|varint|RangeError/.test(error.message)) t.fail(`byte ${at}: ${String(error)}`)
      }
    }
  }
  t.ok(refused > 100)
})

t.test('files of other kinds are named', async (t) => {
  const files: [Uint8Array, RegExp][] = [
    [Uint8Array.of(0x80, 4, 0x95, 0), /pickle/],
    [Buffer.from('PK\x03\x04model'), /zip archive.*PyTorch/],
    [Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /HDF5/],
    [Buffer.from('version https://git-lfs.github.com/spec/v1'), /Git LFS/],
    [Buffer.from('{"learner": {}}'), /JSON/],
    [Buffer.from('hello, this is some text'), /^is not an ONNX file \(it begins with "hello, this is s"\)$/],
    [Buffer.from('garbage\nand more'), /^is not an ONNX file \(it begins with "garbage"\)$/],
    [Uint8Array.of(0x07, 0xff, 0, 1), /^is not an ONNX file \(it begins with the bytes 07 ff 00 01\)$/],
    [Buffer.concat([write((pbf) => pbf.writeVarintField(1, 8)), Uint8Array.of(0x27)]), /^is not an ONNX file, or a damaged one: it makes no sense before byte 3$/],
    [write((pbf) => pbf.writeVarintField(1, 8)), /no graph/]
  ]
  for (const [bytes, message] of files) t.throws(() => readGraph(bytes), { message })
})

t.test('a graph without outputs is refused, and so are sub-graphs without end', async (t) => {
  const silent = write((pbf) => { pbf.writeVarintField(1, 8); nest(pbf, 7, () => {}); nest(pbf, 8, () => {}) })
  t.throws(() => readGraph(silent), { message: /its graph has no outputs/ })
  const deepen = (graph: PbfWriter, depth: number): void => {
    if (depth > 0) node(graph, 'If', ['c'], ['y'], (attribute) => nest(attribute, 6, (inner) => deepen(inner, depth - 1)))
  }
  t.same(readGraph(model((pbf) => deepen(pbf, 20))).operators, ['If'])
  t.throws(() => readGraph(model((pbf) => deepen(pbf, 40))), { message: /nested more than/ })
})

t.test('a circle of nodes does not trap the reader', async (t) => {
  const graph = readGraph(model((pbf) => {
    node(pbf, 'Identity', ['z'], ['y'])
    node(pbf, 'Identity', ['y'], ['z'])
    node(pbf, 'LinearRegressor', ['z'], ['v'])
  }))
  t.equal(graph.producers.y, 'Identity')
})
