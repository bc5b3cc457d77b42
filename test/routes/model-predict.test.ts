import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { addModel, build, makeStore } from '../helper.js'

const penguin: Record<string, unknown> = JSON.parse(readFileSync(new URL('../fixtures/examples/penguins.json', import.meta.url), 'utf8')).records[0]

async function post (app: FastifyInstance, url: string, payload: object, headers: Record<string, string> = {}) {
  const answer = await app.inject({ method: 'POST', url, payload, headers })
  return { status: answer.statusCode, headers: answer.headers, body: answer.json(), text: answer.body }
}

t.test('the typed faces', async (t) => {
  const store = await makeStore(t, {
    penguins: { example: 'penguins' },
    forest: { example: 'template-rf', config: { versions: 'all', labels: { stable: '1', canary: '2' } } },
    bare: { zoo: 'logistic-string-labels' },
    failing: { zoo: 'fails-on-13' },
    infinite: { zoo: 'not-finite' },
    broken: { zoo: 'broken/truncated' }
  })
  await addModel(store, 'forest', { zoo: 'random-forest-binary', version: '2' })
  const app = await build(t, { MODEL_STORE: store })
  const pooled = await build(t, { MODEL_STORE: store, POOL_PARSE_BYTES: 1 })

  await t.test('one record in, one result out, with all there is to know', async (t) => {
    const { status, headers, body } = await post(app, '/models/penguins/predict', penguin)
    t.equal(status, 200)
    t.same(Object.keys(body), ['prediction', 'predicted_class', 'confidence', 'probabilities', 'model', 'model_version', 'request_id'])
    t.match(body, { prediction: 'Adelie', predicted_class: 'Adelie', model: 'penguins', model_version: '1', request_id: headers['x-request-id'] })
    t.equal(body.confidence, body.probabilities.Adelie)
    const { request_id: _id, ...same } = (await post(pooled, '/models/penguins/predict', penguin)).body
    t.match(body, same)
    t.match((await post(app, '/models/penguins/predict/batch', { instances: [penguin] })).body, { predictions: [{ prediction: 'Adelie', confidence: body.confidence }], count: 1, model_version: '1' })
  })

  await t.test('categories, booleans and missing values are held to what the metadata says', async (t) => {
    const cases: [Record<string, unknown>, string[]][] = [
      [{ island: 'Atlantis' }, ['/island']],
      [{ island: 1 }, ['/island']],
      [{ island: 'torgersen' }, ['/island']],
      [{ clutch_completion: 'true' }, ['/clutch_completion']],
      [{ clutch_completion: 1 }, ['/clutch_completion']],
      [{ year: 2007.5 }, ['/year']],
      [{ year: '2007' }, ['/year']],
      [{ body_mass_g: true, bill_length_mm: [39.1] }, ['/bill_length_mm', '/body_mass_g']],
      [{ body_mass: 3750 }, ['/body_mass']],
      [{ constructor: 1 }, ['/constructor']]
    ]
    for (const [fields, paths] of cases) {
      for (const place of [app, pooled]) {
        const { status, body } = await post(place, '/models/penguins/predict', { ...penguin, ...fields })
        t.same([status, body.code], [400, 'INVALID_REQUEST'], JSON.stringify(fields))
        t.same(body.errors.map(({ path }: { path: string }) => path).sort(), paths, JSON.stringify(fields))
        for (const error of body.errors) t.ok(error.expected !== undefined && error.got !== undefined, 'expected and got are told')
      }
    }
    const { body: { errors: [hint] } } = await post(app, '/models/penguins/predict', { ...penguin, body_mas_g: 1 })
    t.match(hint.message, /did you mean 'body_mass_g'/)
    for (const island of [undefined, null]) {
      t.match((await post(app, '/models/penguins/predict', { ...penguin, island })).body, { status: 400, errors: [{ path: '/island' }] }, 'neither a default nor accepted as missing')
    }
    for (const absent of [undefined, null]) {
      const { body } = await post(app, '/models/penguins/predict', { ...penguin, sex: absent, bill_length_mm: absent })
      const { body: told } = await post(app, '/models/penguins/predict', { ...penguin, sex: 'unknown', bill_length_mm: null })
      t.same(body.probabilities, told.probabilities, 'a default, and a value that may be missing')
    }
  })

  await t.test('a list, _data and other containers belong to the default face', async (t) => {
    t.match((await post(app, '/models/penguins/predict', [penguin])).body, { status: 400, detail: 'The body must be a record' })
    const { body } = await post(app, '/models/penguins/predict', { _data: penguin })
    t.equal(body.status, 400)
    t.match(body.errors.at(-1), { path: '/_data' })
  })

  await t.test('where the features have names, records alone are taken: rows are for the default face', async (t) => {
    const row = Object.values(penguin)
    for (const place of [app, pooled]) {
      t.match((await post(place, '/models/penguins/predict', row)).body, { status: 400, detail: 'The body must be a record' })
      const { body } = await post(place, '/models/penguins/predict', { features: row })
      t.equal(body.status, 400)
      t.match(body.errors.at(-1), { path: '/features', message: 'is not a feature of this model' })
      t.match((await post(place, '/models/penguins/predict/batch', { instances: [row] })).body, { status: 400, errors: [{ path: '/instances/0', message: 'must be an object with the features of the model' }] })
    }
  })

  await t.test('a parameter that a typed face does not know is named', async (t) => {
    for (const [query, name] of [['prba=1', 'prba'], ['proba=1', 'proba'], ['style=list', 'style'], ['constructor=', 'constructor']]) {
      for (const url of ['/models/penguins/predict', '/models/penguins/predict/batch', '/models/penguins/versions/1/predict']) {
        const { status, body } = await post(app, `${url}?${query}`, penguin)
        t.same([status, body.code, body.errors], [400, 'INVALID_REQUEST', [{ path: name, message: 'is not a parameter of this route', got: `${JSON.stringify(query?.split('=')[1])} (string)` }]], `${url}?${query}`)
      }
    }
  })

  await t.test('a model without named features takes rows and named tensors', async (t) => {
    const row = [5.1, 3.5, 1.4, 0.2]
    for (const payload of [{ features: row }, { X: row }, row]) {
      t.match((await post(app, '/models/bare/predict', payload)).body, { prediction: 'setosa', model: 'bare' }, JSON.stringify(payload))
    }
    t.match((await post(app, '/models/bare/predict', { features: [1, 2] })).body, { status: 400, detail: 'Expected 4 features' })
    t.match((await post(app, '/models/bare/predict', { features: [1, 2, '3', 4] })).body, { status: 400, errors: [{ path: '/features/2' }] })
    t.equal((await post(app, '/models/bare/predict', { Y: row })).status, 400)
    t.match((await post(app, '/models/bare/predict', [1, 2, '3', 4])).body, { status: 400, detail: 'value 2 must be a number', errors: [{ path: '/2' }] })
    t.match((await post(app, '/models/bare/predict', { instances: [row] })).body, { status: 400, detail: 'This route takes a record; instances belong to predict/batch', errors: [{ path: '/instances', got: /array of 1/ }] })
  })

  await t.test('a version is a number or a label', async (t) => {
    const record = { feature1: 1, feature2: 1, feature3: 5 }
    for (const name of ['1', 'stable']) {
      t.match((await post(app, `/models/forest/versions/${name}/predict`, record)).body, { model_version: '1', predicted_class: '0' })
      t.match((await post(app, `/models/forest/versions/${name}/predict/batch`, { instances: [record] })).body, { model_version: '1', count: 1 })
    }
    for (const name of ['2', 'canary']) t.match((await post(app, `/models/forest/versions/${name}/predict`, { features: [5.1, 3.5, 1.4, 0.2] })).body, { model_version: '2' })
    t.match((await post(app, '/models/forest/predict', { features: [5.1, 3.5, 1.4, 0.2] })).body, { model_version: '2' }, 'the highest is the default')
    for (const name of ['3', '01', 'beta', 'constructor', '__proto__', 'latest']) {
      const { status, body } = await post(app, `/models/forest/versions/${name}/predict`, record)
      t.same([status, body.code], [404, 'VERSION_NOT_FOUND'], name)
      t.match(body.detail, `Model 'forest' has no version or label '${name}'; there are`)
      t.match(body.detail, /1.*stable|stable.*1/)
    }
  })

  await t.test('an unknown model is a 404 that lists those there are', async (t) => {
    for (const name of ['nope', 'constructor', '__proto__', 'a%2Fb', '%00']) {
      const { status, body, headers } = await post(app, `/models/${name}/predict`, penguin)
      t.same([status, body.code, headers['content-type']], [404, 'MODEL_NOT_FOUND', 'application/problem+json'], name)
      t.match(body.detail, /; there are bare, broken, failing, forest, infinite, penguins$/)
    }
    const { status, body } = await post(app, '/predict', penguin)
    t.same([status, body.code], [404, 'NO_DEFAULT_MODEL'])
    t.match(body.detail, /there are bare, broken, failing, forest, infinite, penguins; set DEFAULT_MODEL or "default": true in a model\.json$/)
  })

  await t.test('a model that cannot be loaded is a 503 with Retry-After and the reason', async (t) => {
    const { status, headers, body } = await post(app, '/models/broken/predict', {})
    t.same([status, body.code, headers['retry-after']], [503, 'MODEL_NOT_READY', '1'])
    t.match(body.detail, /^Model 'broken' is not ready: broken\/1\/model\.onnx: .*truncated/)
  })

  await t.test('a failure inside is a 500 that tells nothing of the inside', async (t) => {
    const { status, headers, body, text } = await post(app, '/models/failing/predict', { x: 13 })
    t.same([status, body.code, body.detail, body.errors], [500, 'INFERENCE_FAILED', "Model 'failing' failed to run", []])
    t.same([headers['content-type'], headers['x-request-id']], ['application/problem+json', body.request_id])
    t.notMatch(text, /onnx|node_modules|\.js|\.ts|Gather|at /i)
    t.equal((await post(app, '/models/failing/predict', { x: 12 })).body.prediction, 32, 'the next one is well')

    const { status: other, body: infinite, text: answer } = await post(app, '/models/infinite/predict', { x: 0 })
    t.same([other, infinite.code], [500, 'NON_FINITE_PREDICTION'])
    t.notMatch(answer, /Infinity|NaN/)
  })
})
