import { join } from 'node:path'
import t from 'tap'
import { checkModel } from '../model-check.js'
import { makeStore, zooPath } from './helper.js'

t.test('a model of the store is loaded and run', async (t) => {
  t.match(await checkModel('iris', {}), /^iris 1: MULTICLASS_CLASSIFICATION, 4 features, loaded and run in \d+ ms$/)
})

t.test('a bare file is loaded and run', async (t) => {
  t.match(await checkModel(zooPath('linear-regression'), {}), /^linear-regression 1: \w+, 1 inputs?, /)
})

t.test('what cannot be served is refused with the reason', async (t) => {
  await t.rejects(checkModel(zooPath('broken/truncated'), {}), { message: /truncated/ })
  await t.rejects(checkModel(zooPath('broken/text'), {}), { message: /not an ONNX file/ })
  await t.rejects(checkModel('no-such-model', {}), { message: /there is no model no-such-model in model-store/ })
})

t.test('a model that fails its own tests is refused', async (t) => {
  const MODEL_STORE = await makeStore(t, {
    wrong: { example: 'iris', files: { 'tests.json': { cases: [{ input: { sepal_length: 4.8, sepal_width: 3, petal_length: 1.4, petal_width: 0.3 }, expect: { prediction: 2 } }] } } }
  })
  await t.rejects(checkModel('wrong', { MODEL_STORE }), { message: 'wrong 1: 1/tests.json: cases[0].expect.prediction: expected 2, got 0' })
  await t.rejects(checkModel(join(MODEL_STORE, 'wrong'), {}), { message: /tests\.json/ })
})
