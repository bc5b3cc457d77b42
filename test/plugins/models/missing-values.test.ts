import t from 'tap'
import type { Tensor, TensorSpec } from '../../../codecs/tensor.js'
import { WorkerLostError } from '../../../errors.js'
import type { Lane } from '../../../plugins/inference/index.js'
import { probeMissing } from '../../../plugins/models/missing-values.js'
import { addModel, build } from '../../helper.js'
import { deadlineIn } from '../inference/lanes.js'

const named = (...accepting: string[]) => ['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'numeric', ...(accepting.includes(name) && { accepts_missing: true }) }))

const store = t.testdir()
for (const name of ['imputed-columns', 'imputed-frame', 'imputed-neighbors', 'imputed-neighbors-beside-raw', 'k-neighbors-classifier', 'svc-probability', 'random-forest', 'logistic-string-labels', 'hist-gradient-boosting', 'identity-float16', 'identity-float32', 'identity-int64', 'svc-scores', 'torch-fixed-batch-of-1']) await addModel(store, name, { zoo: name })
await addModel(store, 'linear', { zoo: 'logistic-string-labels', files: { 'metadata.json': { features: named('b', 'd') } } })
await addModel(store, 'by-default', { zoo: 'logistic-string-labels', files: { 'metadata.json': { features: [...named().slice(0, 3), { name: 'd', type: 'numeric', default: null }] } } })
await addModel(store, 'plain', { zoo: 'logistic-string-labels', files: { 'metadata.json': { features: named() } } })
await addModel(store, 'boosting', { zoo: 'hist-gradient-boosting' })
await addModel(store, 'never-finite', { zoo: 'not-finite', files: { 'metadata.json': { features: [{ name: 'x', type: 'numeric', accepts_missing: true }] } } })
const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })

const post = async (name: string, payload: object) => await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload })

t.test('a bare model without an answer to missing numbers does not offer null', async (t) => {
  for (const [name, row] of [['logistic-string-labels', [5.1, null, 1.4, 0.2]], ['svc-scores', [5.1, null, 1.4, 0.2]], ['identity-float16', [1, null]], ['torch-fixed-batch-of-1', [5.1, null, 1.4, 0.2]],
    // These would answer a finite number, which has nothing to do with what the estimator says.
    ['k-neighbors-classifier', [5.1, null, 1.4, 0.2]], ['svc-probability', [5.1, null, 1.4, 0.2]], ['random-forest', [5.1, null, 1.4, 0.2]]] as const) {
    const answer = await post(name, row)
    t.match([answer.statusCode, answer.json()], [400, { errors: [{ path: '/1', expected: 'number', got: 'null' }] }], name)
  }
  const batch = await app.inject({ method: 'POST', url: '/v1/models/logistic-string-labels:predict', payload: { instances: [[5.1, null, 1.4, 0.2]] } })
  t.equal(batch.statusCode, 400)
  const { components: { schemas } } = (await app.inject('/openapi.json')).json()
  t.notMatch(JSON.stringify(schemas.LogisticStringLabelsRow), '"null"')
})

t.test('one that copes with missing numbers does', async (t) => {
  const { inputs: [input] } = app.models.get('hist-gradient-boosting').specification.layout
  const answer = await post('hist-gradient-boosting', Array.from({ length: input?.dims[1] ?? 0 }, () => null))
  t.equal(answer.statusCode, 200, answer.body)
})

t.test('of a bare model that imputes some columns, these alone may be null', async (t) => {
  const row = [5.1, 3.5, 1.4, 0.2]
  for (const [name, accepted] of [['imputed-columns', [0]], ['imputed-neighbors', [0, 2]], ['imputed-neighbors-beside-raw', [0]]] as const) {
    for (const column of row.keys()) {
      const answer = await post(name, row.with(column, null as never))
      if ((accepted as readonly number[]).includes(column)) t.equal(answer.statusCode, 200, answer.body)
      else t.match([answer.statusCode, answer.json()], [400, { errors: [{ path: `/${column}`, expected: 'number', got: 'null' }] }], `${name} ${column}`)
    }
  }
  t.match((await post('imputed-columns', ['5.1', 3.5, 1.4, 0.2])).json(), { errors: [{ path: '/0', expected: 'number or null' }] })
  const { components: { schemas } } = (await app.inject('/openapi.json')).json()
  t.same(schemas.ImputedColumnsRow.prefixItems.map(({ type }: { type: unknown }) => type), [['number', 'null'], 'number', 'number', 'number'])
})

t.test('of inputs by name those may be null that are imputed, and none may be left out', async (t) => {
  const record = { bill_length_mm: 39.5, flipper_length_mm: 186, body_mass_g: 3800, island: 'Torgersen' }
  for (const [name, accepted] of [['bill_length_mm', true], ['flipper_length_mm', true], ['body_mass_g', false], ['island', false]] as const) {
    t.equal((await post('imputed-frame', { ...record, [name]: null })).statusCode, accepted ? 200 : 400, name)
    const { [name]: _left, ...others } = record
    t.match((await post('imputed-frame', others)).json(), { status: 400, errors: [{ path: `/${name}`, message: 'is required' }] })
  }
  const { versions } = (await app.inject('/models/imputed-frame')).json()
  t.notMatch(JSON.stringify(versions), 'nullable')
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
  const { specification, lane: { description } } = app.models.get('hist-gradient-boosting')
  const lane: Pick<Lane, 'description' | 'submit'> = { description, submit: async () => { throw new WorkerLostError() } }
  await t.rejects(probeMissing({ specification, lane: lane as Lane, row: [], declared: false }, deadlineIn()), { code: 'WORKER_LOST' })
})

t.test('null for some columns is offered of rows that are not too wide, and for all of any', async (t) => {
  const { specification, lane } = app.models.get('imputed-columns')
  const { description: { graph } } = lane
  const result = await lane.submit([{ name: 'X', type: 'float32', dims: [1, 4], data: new Float32Array(4) }], 1, deadlineIn())
  const offered = async (width: number, imputed: number) => {
    const answersMissing = Array.from({ length: imputed }, (_, column) => ({ input: 'X', column }))
    const fake = { description: { ...lane.description, graph: { ...graph, answersMissing } }, submit: async () => result }
    const inputs: TensorSpec[] = [{ name: 'X', type: 'float32', dims: [-1, width] }]
    const row: Tensor = { name: 'X', type: 'float32', dims: [1, width], data: new Float32Array(width) }
    const { layout } = await probeMissing({ specification: { ...specification, layout: { kind: 'columns', inputs, width } }, lane: fake as unknown as Lane, row: [row], declared: false }, deadlineIn())
    return layout.acceptsMissing
  }
  t.same(await offered(128, 1), Array.from({ length: 128 }, (_, column) => column === 0))
  t.equal(await offered(129, 1), false)
  t.equal(await offered(129, 129), true)
})
