import { readFileSync } from 'node:fs'
import t from 'tap'
import { isExplainable } from '../../../plugins/models/info.js'
import { readGraph } from '../../../workers/onnx-graph/graph.js'
import { zooPath } from '../../helper.js'

t.test('trees and linear models can be explained, networks and kernels cannot', async (t) => {
  const expected = {
    'linear-regression': true,
    'logistic-int-labels': true,
    'random-forest': true,
    lightgbm: true,
    'gradient-boosting-3-classes': true,
    'mlp-classifier': false,
    'mlp-regressor': false,
    'torch-softmax': false,
    'digits-convolution': false,
    svr: false,
    'k-neighbors-classifier': false
  }
  for (const [name, explainable] of Object.entries(expected)) {
    t.equal(isExplainable(readGraph(readFileSync(zooPath(name)))), explainable, name)
  }
})
