import t from 'tap'
import { describeResults } from '../../../routes/home/result.js'

t.test('a class is shown with its confidence and a bar per class, the likeliest first', (t) => {
  t.same(describeResults({ prediction: 1, predicted_class: 'b', confidence: 0.7, probabilities: { a: 0.29996, b: 0.7, c: 0.00004 } }), [{
    headline: 'b',
    confidence: '70.0 %',
    bars: [{ name: 'b', share: 0.7, text: '70.0 %' }, { name: 'a', share: 0.29996, text: '30.0 %' }, { name: 'c', share: 0.00004, text: '< 0.1 %' }],
    values: []
  }])
  t.match(describeResults({ prediction: 'b', predicted_class: 'b', confidence: 0.99999, probabilities: { b: 0.99999, a: 0 } }), [{ confidence: '> 99.9 %', bars: [{ text: '> 99.9 %' }, { text: '0.0 %' }] }])
  t.match(describeResults({ prediction: 1, predicted_class: 'b', confidence: 1 }), [{ headline: 'b', confidence: '100.0 %', bars: [] }])
  t.end()
})

t.test('a value, several targets and outputs', (t) => {
  t.match(describeResults({ prediction: 210.25, confidence: null }), [{ headline: '210.25', confidence: '', bars: [], values: [] }])
  t.match(describeResults({ prediction: { weight: 60.5, shape: [1, 2] }, confidence: null }), [{ headline: '', values: [{ name: 'weight', text: '60.5' }, { name: 'shape', text: '[1,2]' }] }])
  t.match(describeResults({ prediction: [3, 4], confidence: null }), [{ headline: '', values: [{ name: '[0]', text: '3' }, { name: '[1]', text: '4' }] }])
  t.end()
})

t.test('a batch has a result per row', (t) => {
  t.match(describeResults({ predictions: [{ prediction: 1 }, { prediction: 2 }] }), [{ headline: '1' }, { headline: '2' }])
  t.end()
})
