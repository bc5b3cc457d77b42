import t from 'tap'
import { container as present, type ContainerOptions } from '../../../../plugins/models/predictions/prediction-container.js'
import type { RowPrediction } from '../../../../plugins/models/predictions/predictions.js'

/** The members that a style shapes, without the envelope around them. */
function container (predictions: RowPrediction[], options: ContainerOptions): Record<string, unknown> {
  const { model, model_version: version, request_id: id, ...members } = present(predictions, options, { model: 'm', model_version: '1', request_id: 'r' })
  if (model !== 'm' || version !== '1' || id !== 'r') throw new Error('the envelope is lost')
  return members
}

const setosa = { prediction: 0, predicted_class: 'setosa', confidence: 0.75, probabilities: { setosa: 0.75, other: 0.25 } }
const other = { prediction: 1, predicted_class: 'other', confidence: 0.5, probabilities: { setosa: 0.5, other: 0.5 } }
const number = { prediction: 2.5, confidence: null }

t.test('Style scalar mirrors the input: a record gives values, a list gives lists', async (t) => {
  t.strictSame(container([setosa], { style: 'scalar', list: false, proba: false }), { prediction: 0, predicted_class: 'setosa', confidence: 0.75 })
  t.strictSame(container([setosa], { style: 'scalar', list: false, proba: true }), setosa)
  t.strictSame(container([setosa, other], { style: 'scalar', list: true, proba: true }), {
    prediction: [0, 1], predicted_class: ['setosa', 'other'], confidence: [0.75, 0.5], probabilities: [setosa.probabilities, other.probabilities]
  })
  t.strictSame(container([setosa], { style: 'scalar', list: true, proba: false }), { prediction: [0], predicted_class: ['setosa'], confidence: [0.75] }, 'a list of one stays a list')
  t.strictSame(container([number], { style: 'scalar', list: false, proba: false }), number)
})

t.test('Style list always gives lists, with proba of the maps', async (t) => {
  t.strictSame(container([setosa], { style: 'list', list: false, proba: false }), { prediction: [0], predicted_class: ['setosa'], confidence: [0.75] })
  t.strictSame(container([setosa], { style: 'list', list: false, proba: true }), {
    prediction: [setosa.probabilities], predicted_class: ['setosa'], confidence: [0.75], probabilities: [setosa.probabilities]
  })
  t.strictSame(container([number, number], { style: 'list', list: true, proba: true }), { prediction: [2.5, 2.5], confidence: [null, null] })
})

t.test('Style label puts the class name into the prediction', async (t) => {
  t.strictSame(container([setosa], { style: 'label', list: false, proba: false }), { prediction: 'setosa', predicted_class: 'setosa', confidence: 0.75 })
  t.match(container([setosa, other], { style: 'label', list: true, proba: false }), { prediction: ['setosa', 'other'] })
  t.strictSame(container([number], { style: 'label', list: false, proba: false }), number)
})
