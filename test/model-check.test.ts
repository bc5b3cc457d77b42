import { execFile } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { checkModel } from '../model-check.js'
import { makeStore, zooPath } from './helper.js'

t.test('a model of the store is loaded and run', async (t) => {
  t.match(await checkModel('iris', {}), /^iris 1: MULTICLASS_CLASSIFICATION, 4 features, loaded and run in \d+ ms \(in the store model-store\)$/)
})

t.test('a bare file is loaded and run', async (t) => {
  t.match(await checkModel(zooPath('linear-regression'), {}), /^linear-regression 1: \w+, 1 inputs?, .* \(as MODEL_PATH=.*linear-regression\/model\.onnx\)$/)
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

t.test('what lies in the store is judged as the store does, wherever it is named from', async (t) => {
  const MODEL_STORE = await makeStore(t, { flat: {}, both: { zoo: 'linear-regression', version: '2' }, twice: { zoo: 'linear-regression' }, config: { zoo: 'linear-regression', config: { batchign: {} } } })
  await rm(join(MODEL_STORE, 'flat/1'), { recursive: true })
  for (const place of ['flat/model.onnx', 'twice.onnx', 'bare.onnx']) await cp(zooPath('linear-regression'), join(MODEL_STORE, place))
  await cp(zooPath('broken/text'), join(MODEL_STORE, 'both/model.onnx'))
  const refused = `in the store ${MODEL_STORE}: flat/model.onnx: is in no version folder; move it to flat/1/model.onnx`
  for (const model of ['flat', join(MODEL_STORE, 'flat'), relative('.', join(MODEL_STORE, 'flat')), join(MODEL_STORE, 'flat/model.onnx')]) await t.rejects(checkModel(model, { MODEL_STORE }), { message: refused }, model)
  await t.rejects(checkModel('twice.onnx', { MODEL_STORE }), { message: /model twice is there twice/ })
  for (const model of ['config', 'config/1']) await t.rejects(checkModel(model, { MODEL_STORE }), { message: /config\/model\.json: batchign is not a known key/ })
  for (const [model, name] of [['both', 'both 2'], ['both/2', 'both 2'], ['both/2/model.onnx', 'both 2'], ['bare', 'bare 1'], ['twice', 'twice 1']] as const) {
    t.match(await checkModel(model, { MODEL_STORE }), new RegExp(`^${name}: .* \\(in the store `))
  }
  t.match(await checkModel(join(MODEL_STORE, 'flat'), {}), /^flat 1: .* \(as MODEL_PATH=.*flat\)$/, 'in no store that is known')
})

t.test('a path is meant as seen from where the command was typed, a name is one of the store', async (t) => {
  const typedIn = { INIT_CWD: dirname(dirname(zooPath('linear-regression'))) }
  const path = zooPath('linear-regression').replaceAll('.', '\\.')
  t.match(await checkModel('linear-regression/model.onnx', typedIn), new RegExp(`^linear-regression 1: .* \\(as MODEL_PATH=${path}\\)$`))
  t.match(await checkModel('./linear-regression', typedIn), new RegExp(`\\(as MODEL_PATH=${dirname(path)}\\)$`))
  await t.rejects(checkModel('linear-regression/model.onnx', {}), { message: /^there is no model linear-regression\/model\.onnx in model-store, and no file or folder of that name$/ })
  const folder = t.testdir({ iris: 'no model' })
  t.match(await checkModel('iris', { INIT_CWD: folder }), /^iris 1: .* \(in the store model-store\)$/)
})

t.test('the command prints one line, and ends with 0 or 1', async (t) => {
  const cwd = join(import.meta.dirname, '..')
  const run = async (words: string[], INIT_CWD: string) => {
    return await promisify(execFile)(process.execPath, ['--import', './test/type-stripping.js', 'check.ts', ...words], { cwd, env: { ...process.env, INIT_CWD } })
  }
  const folder = dirname(zooPath('linear-regression'))
  t.match(await run(['model.onnx'], folder), { stdout: /^ok: linear-regression 1: [^\n]*\n$/, stderr: '' })
  await t.rejects(run(['model.onnx'], cwd), { code: 1, stdout: '', stderr: /^not ok: there is no model model\.onnx in model-store, [^\n]*\n$/ })
  await t.rejects(run([], folder), { code: 1, stdout: '', stderr: /^not ok: name a model of the store, [^\n]*\n$/ })
})
