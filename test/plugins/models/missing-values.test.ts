import t from 'tap'
import { WorkerLostError } from '../../../errors.js'
import type { Lane } from '../../../plugins/inference/index.js'
import { probeMissing } from '../../../plugins/models/missing-values.js'
import { addModel, build } from '../../helper.js'
import { deadlineIn } from '../inference/lanes.js'

const named = (...accepting: string[]) => ['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'numeric', ...(accepting.includes(name) && { accepts_missing: true }) }))

const store = t.testdir()
for (const name of ['logistic-string-labels', 'hist-gradient-boosting', 'identity-float16', 'identity-float32', 'identity-int64', 'svc-scores', 'torch-fixed-batch-of-1']) await addModel(store, name, { zoo: name })
await addModel(store, 'linear', { zoo: 'logistic-string-labels', files: { 'metadata.json': { features: named('b', 'd') } } })
await addModel(store, 'by-default', { zoo: 'logistic-string-labels', files: { 'metadata.json': { features: [...named().slice(0, 3), { name: 'd', type: 'numeric', default: null }] } } })
await addModel(store, 'plain', { zoo: 'logistic-string-labels', files: { 'metadata.json': { features: named() } } })
await addModel(store, 'boosting', { zoo: 'hist-gradient-boosting' })
await addModel(store, 'never-finite', { zoo: 'not-finite', files: { 'metadata.json': { features: [{ name: 'x', type: 'numeric', accepts_missing: true }] } } })
const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })

const post = async (name: string, payload: object) => await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload })

t.test('a bare model that answers NaN to missing numbers does not offer null', async (t) => {
  for (const [name, row] of [['logistic-string-labels', [5.1, null, 1.4, 0.2]], ['svc-scores', [5.1, null, 1.4, 0.2]], ['identity-float16', [1, null]], ['torch-fixed-batch-of-1', [5.1, null, 1.4, 0.2]]] as const) {
    const answer = await post(name, row)
    t.match([answer.statusCode, answer.json()], [400, { errors: [{ path: '/1', expected: 'number', got: 'null' }] }], name)
  }
  const batch = await app.inject({ method: 'POST', url: '/v1/models/logistic-string-labels:predict', payload: { instances: [[5.1, null, 1.4, 0.2]] } })
  t.equal(batch.statusCode, 400)
  const { paths } = (await app.inject('/openapi.json')).json()
  t.notMatch(JSON.stringify(paths['/models/logistic-string-labels/predict'].post.requestBody), '"null"')
})

t.test('one that copes with missing numbers does', async (t) => {
  const { inputs: [input] } = app.models.get('hist-gradient-boosting').specification.layout
  const answer = await post('hist-gradient-boosting', Array.from({ length: input?.dims[1] ?? 0 }, () => null))
  t.equal(answer.statusCode, 200, answer.body)
})

t.test('the Open Inference Protocol takes null for NaN all the same', async (t) => {
  const answer = await app.inject({ method: 'POST', url: '/v2/models/identity-float32/infer', payload: { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, null] }] } })
  t.match([answer.statusCode, answer.json()], [200, { outputs: [{ data: [1, null] }] }], answer.body)
})

t.test('a feature that accepts missing values of a model that does not is a warning', async (t) => {
  const warnings = (name: string) => app.models.get(name).warnings
  t.same(warnings('linear'), [1, 3].map((index) => `linear/1/metadata.json: features[${index}].accepts_missing (of "${'abcd'[index]}"), but the model answers NaN when it is missing`))
  t.same(warnings('by-default'), ['by-default/1/metadata.json: features[3].default (of "d"), but the model answers NaN when it is missing'])
  for (const name of ['plain', 'boosting', 'never-finite']) t.same(warnings(name), [], name)
})

t.test('a lost thread says nothing about the graph', async (t) => {
  const { specification } = app.models.get('logistic-string-labels')
  const lane: Pick<Lane, 'submit'> = { submit: async () => { throw new WorkerLostError() } }
  await t.rejects(probeMissing({ specification, lane: lane as Lane, row: [] }, deadlineIn()), { code: 'WORKER_LOST' })
})
