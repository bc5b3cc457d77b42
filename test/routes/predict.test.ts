import { deflateSync, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, makeStore } from '../helper.js'

const json = { 'content-type': 'application/json' }
const setosa = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
const virginica = { sepal_length: 6.7, sepal_width: 3, petal_length: 5.2, petal_width: 2.3 }
const rowOf = (record: object) => Object.values(record)
const text = JSON.stringify

async function post (app: FastifyInstance, url: string, payload: unknown, headers: Record<string, string> = json) {
  return await app.inject({ method: 'POST', url, headers, payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : text(payload) })
}

/** A body of /predict that cannot be served, with the places and the detail of the answer. */
type Refusal = [name: string, body: unknown, paths: string[], detail: string | RegExp]

const nearly = (fields: object) => ({ ...setosa, ...fields })
const lengthIs = 'sepal_length must be a number from 0 to 30'
const length = ['/sepal_length']
const everything = ['/sepal_length', '/sepal_width', '/petal_length', '/petal_width']
const raw = (value: string) => text(setosa).replace('5.1', value)
const notJson = /^The body is not valid JSON: /

const refusals: Refusal[] = [
  ['an empty body', '', [], 'The body is not valid JSON: it is empty'],
  ['no bytes but a space', ' ', [], notJson],
  ['an object cut off', '{"sepal_length":5.1', [], notJson],
  ['something after the object', `${text(setosa)}x`, [], notJson],
  ['a NaN literal', raw('NaN'), [], notJson],
  ['an Infinity literal', raw('Infinity'), [], notJson],
  ['a number in single quotes', raw("'5'"), [], notJson],
  ['bytes that are no UTF-8', Buffer.concat([Buffer.from('{"sepal_length":"'), Buffer.from([0xff]), Buffer.from('"}')]), [], 'The body is not valid JSON: it is not encoded in UTF-8'],
  ['UTF-16', Buffer.from(text(setosa), 'utf16le'), [], notJson],
  ['a key called __proto__', text(setosa).replace('{', '{"__proto__":{"polluted":1},'), [], notJson],
  ['a constructor with a prototype', text(setosa).replace('{', '{"constructor":{"prototype":{"polluted":1}},'), [], notJson],
  ['brackets a hundred thousand deep', '['.repeat(1e5) + ']'.repeat(1e5), ['/0'], 'row 0 must be an object with the features of the model'],
  ['brackets that never close', '['.repeat(1e6), [], notJson],
  ['a number beyond a double', raw('1e400'), length, lengthIs],
  ['a negative number beyond a double', raw('-1e400'), length, lengthIs],
  ['null', 'null', [''], 'The body must be a record or a list of records'],
  ['a number', '5', [''], 'The body must be a record or a list of records'],
  ['a string', '"x"', [''], 'The body must be a record or a list of records'],
  ['an empty list', [], [''], 'The body must be at least one record'],
  ['a row without features', rowOf(setosa), [''], '/predict takes a record or a list of records; instances belong to /predict/batch, one row to {"features": […]}'],
  ['instances', { instances: [setosa] }, ['/instances'], '/predict takes a record or a list of records; instances belong to /predict/batch, one row to {"features": […]}'],
  ['a list of a record and a number', [setosa, 1], ['/1'], 'row 1 must be an object with the features of the model'],
  ['rows by position in a list', [rowOf(setosa)], ['/0'], 'row 0 must be an object with the features of the model'],
  ['a record without features', {}, everything, '4 fields are invalid'],
  ['an empty record in _data', { _data: {} }, everything.map((path) => `/_data${path}`), '4 fields are invalid'],
  ['an empty list in _data', { _data: [] }, ['/_data'], '_data must be at least one record'],
  ['null in _data', { _data: null }, ['/_data'], '_data must be a record or a list of records'],
  ['_samples without _data', { _samples: [setosa] }, ['/_data'], '_data is required beside _samples'],
  ['_samples that are no records', { _data: setosa, _samples: 5 }, ['/_samples'], '_samples must be a record or a list of records'],
  ['null in _samples', { _data: setosa, _samples: null }, ['/_samples'], '_samples must be a record or a list of records'],
  ['an empty list in _samples', { _data: setosa, _samples: [] }, ['/_samples'], '_samples must be at least one record'],
  ['rows in _samples', { _data: setosa, _samples: [rowOf(setosa)] }, ['/_samples/0'], '_samples/0 must be an object with the features of the model'],
  ['a bad record in _samples', { _data: setosa, _samples: [setosa, virginica, setosa, nearly({ sepal_length: '5' })] }, ['/_samples/3/sepal_length'], '_samples/3/sepal_length must be a number from 0 to 30'],
  ['a record without features as _samples', { _data: [setosa], _samples: {} }, everything.map((path) => `/_samples${path}`), '4 fields are invalid'],
  ['a key beside _data and _samples', { _data: setosa, _samples: setosa, explain: 1 }, ['/explain'], 'explain cannot stand beside _data and _samples'],
  ['a key beside _data', { _data: setosa, explain: 1 }, ['/explain'], 'explain cannot stand beside _data and _samples'],
  ['a bad record in _data', { _data: [setosa, nearly({ sepal_length: '5' })] }, ['/_data/1/sepal_length'], '_data/1/sepal_length must be a number from 0 to 30'],
  ['a text', nearly({ sepal_length: 'abc' }), length, lengthIs],
  ['a number as text', nearly({ sepal_length: '3.5' }), length, lengthIs],
  ['a boolean', nearly({ sepal_length: true }), length, lengthIs],
  ['a list for one value', nearly({ sepal_length: [1] }), length, lengthIs],
  ['an object for one value', nearly({ sepal_length: {} }), length, lengthIs],
  ['null without a default', nearly({ sepal_length: null }), length, lengthIs],
  ['a value out of range', nearly({ sepal_length: 31 }), length, lengthIs],
  ['a value below the range', nearly({ sepal_length: -0.5 }), length, lengthIs],
  ['a bad record in a list', [setosa, nearly({ petal_width: 'wide' })], ['/1/petal_width'], 'row 1: petal_width must be a number from 0 to 30'],
  ['three features of four', { features: [1, 2, 3] }, ['/features'], 'Expected 4 features'],
  ['five features of four', { features: [1, 2, 3, 4, 5] }, ['/features'], 'Expected 4 features'],
  ['no features', { features: [] }, ['/features'], 'Expected 4 features'],
  ['texts and null among the features', { features: ['1', 2, null, true] }, ['/features/0', '/features/2', '/features/3'], '3 fields are invalid'],
  ['features that are no list', { features: 5 }, ['/features'], 'features must be an array of 4 values'],
  ['a key beside features', { features: rowOf(setosa), sepal_length: 1 }, ['/sepal_length'], 'sepal_length cannot stand beside features']
]

t.test('bodies of /predict', async (t) => {
  const small = await build(t)
  const big = await build(t, { POOL_PARSE_BYTES: 1 })

  await t.test('what cannot be served is a 400 that names each place, wherever the body is parsed', async (t) => {
    for (const [name, body, paths, detail] of refusals) {
      const answer = await post(small, '/predict', body)
      t.equal(answer.statusCode, 400, name)
      t.equal(answer.headers['content-type'], 'application/problem+json', name)
      const { request_id: id, ...problem } = answer.json()
      t.equal(answer.headers['x-request-id'], id, name)
      t.match(problem, { type: 'about:blank', title: 'Bad Request', status: 400, detail, code: paths.length === 0 ? 'INVALID_JSON' : 'INVALID_REQUEST' }, name)
      t.same(problem.errors.map(({ path }: { path: string }) => path), paths, name)
      for (const error of problem.errors) t.match(error, { message: String, expected: String, got: String }, name)

      const other = await post(big, '/predict', body)
      const { request_id: _id, ...same } = other.json()
      t.same([other.statusCode, other.headers['content-type'], same], [400, 'application/problem+json', problem], `${name}, in a thread`)
    }
    t.equal((await post(small, '/predict', setosa)).statusCode, 200, 'the server is well')
    t.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })

  await t.test('every form of input is answered in its own container', async (t) => {
    for (const app of [small, big]) {
      const ask = async (body: unknown, query = '') => {
        const answer = await post(app, `/predict${query}`, body)
        t.equal(answer.statusCode, 200, answer.body)
        const { request_id: id, model, model_version: version, ...members } = answer.json()
        t.same([model, version, id], ['iris', '1', answer.headers['x-request-id']])
        return members
      }
      const one = await ask(setosa)
      t.match(one, { prediction: 'setosa', predicted_class: 'setosa' })
      t.ok(one.confidence > 0.97 && one.confidence < 0.98)
      t.same(Object.keys(one), ['prediction', 'predicted_class', 'confidence'])
      t.same(await ask({ _data: setosa }), one)
      t.same(await ask({ _data: setosa, _samples: [virginica] }), one)
      t.same(await ask({ _data: setosa, _samples: { ...virginica, colour: 'blue' } }), one, 'samples may be a single one')
      t.same(await ask({ features: rowOf(setosa) }), one)
      t.same(await ask({ features: rowOf(setosa) }, '?style=list'), { ...one, prediction: 0 }, 'a row is always answered by a single value')
      t.same(await ask({ ...setosa, colour: 'blue', constructor: 1, toString: null }), one, 'unknown features are ignored here')
      t.same(await ask(Object.fromEntries(Object.entries(setosa).reverse())), one)

      const list = await ask([setosa, virginica])
      t.match(list, { prediction: ['setosa', 'virginica'], predicted_class: ['setosa', 'virginica'] })
      t.ok(Math.abs(list.confidence[0] - one.confidence) < 1e-6)
      t.same(await ask({ _data: [setosa, virginica] }), list)
      t.same(await ask([setosa]), { prediction: ['setosa'], predicted_class: ['setosa'], confidence: [one.confidence] }, 'a list of one stays a list')
      t.same((await ask([virginica, setosa])).prediction, ['virginica', 'setosa'])
    }
  })

  await t.test('?style shapes the container and ?proba adds the probabilities', async (t) => {
    const ask = async (query: string, body: unknown = setosa) => (await post(small, `/predict${query}`, body)).json()
    t.equal((await ask('?style=scalar')).prediction, 0)
    t.equal((await ask('?style=label')).prediction, 'setosa')
    t.match(await ask('?style=list'), { prediction: [0], predicted_class: ['setosa'], confidence: [Number] })
    const { probabilities, confidence } = await ask('?proba=1')
    t.same(Object.keys(probabilities), ['setosa', 'versicolor', 'virginica'])
    t.equal(probabilities.setosa, confidence)
    t.ok(Math.abs(probabilities.setosa + probabilities.versicolor + probabilities.virginica - 1) < 1e-6)
    t.same((await ask('?proba=true')).probabilities, probabilities)
    t.same((await ask('?proba=1&style=list')).prediction, [probabilities])
    const both = (await ask('?proba=1', [setosa, virginica])).probabilities
    t.ok(both.length === 2 && Object.keys(probabilities).every((name) => Math.abs(both[0][name] - probabilities[name]) < 1e-6))
    for (const off of ['?proba=0', '?proba=false', '']) t.notOk('probabilities' in await ask(off), off)
  })

  await t.test('parameters that are wrong or unknown are refused', async (t) => {
    const cases: [string, string[], string][] = [
      ['?proba=', ['proba'], 'proba must be one of: 1, 0, true, false'],
      ['?proba', ['proba'], 'proba must be one of: 1, 0, true, false'],
      ['?proba=2', ['proba'], 'proba must be one of: 1, 0, true, false'],
      ['?proba=yes', ['proba'], 'proba must be one of: 1, 0, true, false'],
      ['?proba=1&proba=1', ['proba'], 'proba must be string'],
      ['?style=', ['style'], 'style must be one of: scalar, list, label'],
      ['?style=array', ['style'], 'style must be one of: scalar, list, label'],
      ['?probability=1', ['probability'], 'probability is not a parameter of this route'],
      ['?proba=1&a=1&b=2', ['a', 'b'], '2 parameters are invalid'],
      ['?__proto__=1', ['__proto__'], '__proto__ is not a parameter of this route']
    ]
    for (const [query, paths, detail] of cases) {
      const answer = await post(small, `/predict${query}`, setosa)
      t.equal(answer.statusCode, 400, query)
      t.match(answer.json(), { code: 'INVALID_REQUEST', detail, errors: paths.map((path) => ({ path })) }, query)
    }
  })

  await t.test('a body that is not called JSON is a 415 and never all defaults', async (t) => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', 'text/json', 'garbage', '']) {
      const answer = await post(small, '/predict', setosa, { 'content-type': type })
      t.same([answer.statusCode, answer.json().code], [415, 'UNSUPPORTED_MEDIA_TYPE'], type)
      t.match(answer.json().detail, `Content-Type must be application/json, not ${type || 'nothing'}`)
    }
    t.equal((await post(small, '/predict', setosa, {})).statusCode, 415, 'none')
    t.match((await post(small, '/predict', '', {})).json(), { status: 400, detail: 'The body must be a record or a list of records', errors: [{ got: 'nothing' }] }, 'neither type nor body')
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset=UTF-8']) {
      t.equal((await post(small, '/predict', setosa, { 'content-type': type })).statusCode, 200, type)
    }
    t.equal((await post(small, '/predict', `\uFEFF${text(setosa)}`)).statusCode, 200, 'a byte order mark is no fault')
  })

  await t.test('compressed bodies are inflated, within the limit of bodies', async (t) => {
    const { prediction } = (await post(small, '/predict', gzipSync(text(setosa)), { ...json, 'content-encoding': 'gzip' })).json()
    t.equal(prediction, 'setosa')
    t.equal((await post(big, '/predict', deflateSync(text(setosa)), { ...json, 'content-encoding': 'Deflate' })).statusCode, 200)
    t.equal((await post(small, '/predict', setosa, { ...json, 'content-encoding': 'identity' })).statusCode, 200)
    const bomb = await post(small, '/predict', gzipSync(Buffer.alloc(17 * 1024 * 1024, ' ')), { ...json, 'content-encoding': 'gzip' })
    t.same([bomb.statusCode, bomb.json().code], [413, 'PAYLOAD_TOO_LARGE'])
    const corrupt = await post(small, '/predict', setosa, { ...json, 'content-encoding': 'gzip' })
    t.same([corrupt.statusCode, corrupt.json().code], [400, 'CORRUPT_BODY'])
    const brotli = await post(small, '/predict', setosa, { ...json, 'content-encoding': 'br' })
    t.same([brotli.statusCode, brotli.json().code, brotli.headers['accept-encoding']], [415, 'UNSUPPORTED_ENCODING', 'gzip, deflate'])
  })

  await t.test('/predict/batch takes records and rows, 100 of them', async (t) => {
    for (const app of [small, big]) {
      const records = await post(app, '/predict/batch', { instances: [setosa, virginica, setosa] })
      t.equal(records.statusCode, 200)
      const { predictions, count, model_version: version, request_id: id } = records.json()
      t.same([count, version, id], [3, '1', records.headers['x-request-id']])
      t.match(predictions.map(({ prediction, predicted_class: name }: { prediction: string, predicted_class: string }) => [prediction, name]), [['setosa', 'setosa'], ['virginica', 'virginica'], ['setosa', 'setosa']])
      t.same((await post(app, '/predict/batch', { instances: [rowOf(setosa), rowOf(virginica), rowOf(setosa)] })).json().predictions, predictions)
      t.equal((await post(app, '/predict/batch', { instances: Array(100).fill(setosa) })).json().count, 100)

      const bad: [unknown, string[], string][] = [
        [{ instances: Array(101).fill(setosa) }, ['/instances'], 'Batch size cannot exceed 100'],
        [{ instances: [] }, ['/instances'], 'instances must be a list of at least one record or row'],
        [{ instances: setosa }, ['/instances'], 'instances must be a list of at least one record or row'],
        [{}, ['/instances'], 'instances is required'],
        [[setosa], [''], 'The body must be an object with instances'],
        [{ instances: [setosa], proba: 1 }, ['/proba'], 'proba is not expected here'],
        [{ instances: [rowOf(setosa), [1, 2, 3]] }, ['/instances/1'], 'Expected 4 features'],
        [{ instances: [rowOf(setosa), [1, 2, 3, '4']] }, ['/instances/1/3'], 'instances/1/3 must be a number from 0 to 30'],
        [{ instances: [setosa, rowOf(setosa)] }, ['/instances/1'], 'instances/1 must be an object with the features of the model'],
        [{ instances: [null] }, ['/instances/0'], 'instances/0 must be an array of 4 values'],
        [{ instances: [setosa, nearly({ petal_width: null })] }, ['/instances/1/petal_width'], 'instances/1/petal_width must be a number from 0 to 30']
      ]
      for (const [body, paths, detail] of bad) {
        const answer = await post(app, '/predict/batch', body)
        t.match(answer.json(), { status: 400, detail, errors: paths.map((path) => ({ path, expected: String, got: String })) }, detail)
      }
    }
  })

  await t.test('a list has at most MAX_ROWS records, and an error at most MAX_ERRORS places', async (t) => {
    t.equal((await post(small, '/predict', Array(1000).fill(setosa))).json().prediction.length, 1000)
    const many = await post(small, '/predict', Array(1001).fill(setosa))
    t.match(many.json(), { status: 400, detail: 'A list cannot exceed 1000 records', errors: [{ path: '', expected: 'at most 1000 records', got: '1001 records' }] })
    t.equal((await post(small, '/predict', { _data: setosa, _samples: Array(1000).fill(setosa) })).statusCode, 200)
    t.match((await post(small, '/predict', { _data: setosa, _samples: Array(1001).fill(setosa) })).json(), { status: 400, detail: '_samples cannot exceed 1000 records', errors: [{ path: '/_samples', expected: 'at most 1000 records', got: '1001 records' }] })
    const cut = (await post(small, '/predict', Array(1000).fill({}))).json()
    t.strictSame([cut.detail, cut.errors.length], ['At least 51 fields are invalid', 50])
  })
})

t.test('the limits are settings', async (t) => {
  const app = await build(t, { BATCH_MAX: 2, MAX_ROWS: 3, MAX_SAMPLES: 1, MAX_ERRORS: 2, BODY_LIMIT: 1024, DEFAULT_MODEL: 'template-rf' })
  t.equal((await post(app, '/predict/batch', { instances: [{}, {}, {}] })).json().detail, 'Batch size cannot exceed 2')
  t.equal((await post(app, '/predict', [{}, {}, {}, {}])).json().detail, 'A list cannot exceed 3 records')
  t.equal((await post(app, '/predict', { _data: [{}, {}, {}], _samples: [{}, {}] })).json().detail, '_samples cannot exceed 1 records')
  t.equal((await post(app, '/predict', { feature1: 'a', feature2: 'b', feature3: 'c' })).json().errors.length, 2)
  const large = await post(app, '/predict', ' '.repeat(1025))
  t.same([large.statusCode, large.json().code, large.json().detail], [413, 'PAYLOAD_TOO_LARGE', 'The body is larger than 1024 bytes'])

  await t.test('records of defaults are answered as the template prints them', async (t) => {
    const explicit = (await post(app, '/predict', { feature1: -1, feature2: -1, feature3: -1 })).json()
    t.match(explicit, { prediction: [0], predicted_class: ['0'], confidence: [Number] })
    for (const body of [{}, { _data: {} }, [{}], { feature1: null }, { feature2: -1, unknown: 'ignored' }]) {
      const { request_id: _id, ...answer } = (await post(app, '/predict', body)).json()
      t.match(explicit, answer, text(body))
    }
    const { prediction } = (await post(app, '/predict?proba=1', [{}, { feature1: 3, feature2: 3, feature3: 1 }])).json()
    t.same(prediction.map(Object.keys), [['0', '1'], ['0', '1']])
    t.ok(Math.abs(prediction[0]['1'] - 0.23) < 1e-6 && Math.abs(prediction[1]['1'] - 0.67) < 1e-6)
    t.equal((await post(app, '/predict', '')).statusCode, 400, 'an empty body is none')
  })
})

t.test('a model without probabilities cannot be asked for them', async (t) => {
  const app = await build(t, { DEFAULT_MODEL: 'diabetes' })
  const record = { age: 59, sex: 2, bmi: 32.1, blood_pressure: 101, total_cholesterol: 157, ldl: 93.2, hdl: 38, cholesterol_ratio: 4, log_triglycerides: 4.8598, glucose: 87 }
  const plain = (await post(app, '/predict?proba=0', record)).json()
  t.equal(plain.confidence, null)
  t.notOk('predicted_class' in plain)
  const answer = await post(app, '/predict?proba=1', record)
  t.match(answer.json(), { status: 400, code: 'INVALID_REQUEST', detail: "Model 'diabetes' gives no probabilities", errors: [{ path: 'proba', expected: 'one of: 0, false', got: '"1" (string)' }] })
})

t.test('rules and INPUT_SCHEMA', async (t) => {
  const store = await makeStore(t, {
    ruled: {
      zoo: 'logistic-string-labels',
      config: { default: true },
      files: {
        'metadata.json': {
          schema: 1,
          features: [{ name: 'a', type: 'numeric' }, { name: 'b', type: 'numeric', default: 3 }, { name: 'c', type: 'integer' }, { name: 'd', type: 'numeric' }],
          rules: [{ message: 'a must exceed c', logic: { '>': [{ var: 'a' }, { var: 'c' }] } }, { message: 'b must stay below 9', logic: { '<': [{ var: 'b' }, 9] } }]
        }
      }
    },
    bare: { zoo: 'logistic-string-labels' }
  })
  for (const POOL_PARSE_BYTES of [1, 1e6]) {
    const app = await build(t, { MODEL_STORE: store, POOL_PARSE_BYTES })
    t.equal((await post(app, '/predict', { a: 5.1, c: 1, d: 0.2 })).json().prediction, 'setosa')
    const one = await post(app, '/predict', { a: 1, c: 1, d: 0.2 })
    t.equal(one.headers['content-type'], 'application/problem+json')
    t.match(one.json(), { status: 422, title: 'Unprocessable Entity', code: 'RULE_VIOLATED', detail: 'a must exceed c', errors: [{ path: '', message: 'a must exceed c' }] })
    const several = (await post(app, '/predict/batch', { instances: [[5, 3, 1, 0], [1, 9, 1, 0]] })).json()
    const many = (await post(app, '/predict/batch', { instances: Array(40).fill([1, 9, 1, 0]) })).json()
    t.strictSame([many.detail, many.errors.length], ['At least 51 rules are broken', 50])
    t.match(several, { status: 422, detail: '2 rules are broken', errors: [{ path: '/instances/1', message: 'a must exceed c' }, { path: '/instances/1', message: 'b must stay below 9' }] })
    t.equal((await post(app, '/predict', { features: [1, 3, 1, 0] })).statusCode, 422)
    t.equal((await post(app, '/models/ruled/predict', { a: 1, c: 1, d: 0.2 })).statusCode, 422)
    const fraction = (await post(app, '/predict', { a: 5.1, c: 1.5, d: 0.2 })).json()
    t.match(fraction, { status: 400, errors: [{ path: '/c', expected: 'integer', got: '1.5' }] }, 'what is not well-formed is not held against the rules')
  }

  const app = await build(t, { MODEL_STORE: store, DEFAULT_MODEL: 'bare', INPUT_SCHEMA: '{"w":"float","x":"float","y":"int","z":"float"}' })
  t.equal((await post(app, '/predict', { w: 5.1, x: 3.5, y: 1, z: 0.2 })).json().prediction, 'setosa')
  t.match((await post(app, '/predict', { w: 5.1, x: 3.5, y: 1.5 })).json().errors, [{ path: '/y' }, { path: '/z' }])
  const { features } = (await app.inject('/models/bare')).json().versions[0]
  t.same(features, [{ name: 'w', type: 'numeric' }, { name: 'x', type: 'numeric' }, { name: 'y', type: 'integer' }, { name: 'z', type: 'numeric' }])
})

t.test('rules see the whole row of a model that takes one vector', async (t) => {
  const store = await makeStore(t, {
    ruled: {
      zoo: 'logistic-string-labels',
      files: {
        'metadata.json': {
          schema: 1,
          features: [{ name: 'flower', type: 'vector', shape: [4] }],
          rules: [{ message: 'the first must exceed the third', logic: { '>': [{ var: 'flower.0' }, { var: 'flower.2' }] } }]
        }
      }
    }
  })
  const app = await build(t, { MODEL_STORE: store })
  t.equal((await post(app, '/predict', { features: [5.1, 3.5, 1.4, 0.2] })).statusCode, 200)
  t.equal((await post(app, '/predict', { flower: [5.1, 3.5, 1.4, 0.2] })).statusCode, 200)
  t.equal((await post(app, '/predict', { features: [1, 3.5, 1.4, 0.2] })).statusCode, 422)
  t.equal((await post(app, '/predict/batch', { instances: [[5.1, 3.5, 1.4, 0.2], [1, 3.5, 1.4, 0.2]] })).json().errors?.[0].path, '/instances/1')
})

t.test('INPUT_SCHEMA is for the default model alone', async (t) => {
  const store = await makeStore(t, { first: { zoo: 'logistic-string-labels', config: { default: true } }, second: { zoo: 'several-outputs' } })
  const app = await build(t, { MODEL_STORE: store, INPUT_SCHEMA: '{"w":"float","x":"float","y":"int","z":"float"}' })
  t.equal((await app.inject('/models/first')).json().versions[0].features.length, 4)
  t.notOk('features' in (await app.inject('/models/second')).json().versions[0])
})
