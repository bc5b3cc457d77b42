import t from 'tap'
import { describeForm, type ApiDocument } from '../../../routes/home/form.js'
import { readRecord, readRows } from '../../../routes/home/request.js'
import { describeResults } from '../../../routes/home/result.js'
import { build, makeStore } from '../../helper.js'

async function describe (app: Awaited<ReturnType<typeof build>>, model: string) {
  const api: ApiDocument = (await app.inject('/openapi.json')).json()
  const form = describeForm(api, model)
  if (form === undefined) throw new Error(`${model} has no form`)
  return form
}

t.test('a model with named features has a control for each, in their order and filled in', async (t) => {
  const app = await build(t)
  const form = await describe(app, 'penguins')
  if (!('fields' in form)) return t.fail('there are fields')
  const byName = new Map(form.fields.map((field) => [field.name, field]))
  t.same([...byName.keys()], app.models.get('penguins').specification.layout.features?.map(({ name }) => name))
  t.match(byName.get('island'), { kind: 'choice', required: true, empty: '', options: ['Biscoe', 'Dream', 'Torgersen'], hint: 'Island of the nest' })
  t.match(byName.get('sex'), { kind: 'choice', required: false, empty: 'default: unknown', hint: /may be left empty$/ })
  t.match(byName.get('clutch_completion'), { kind: 'choice', options: [true, false] })
  t.match(byName.get('year'), { kind: 'integer', required: true, minimum: 2000, maximum: 2100 })
  t.match(byName.get('body_mass_g'), { kind: 'number', required: false, empty: 'missing', minimum: 0, hint: 'Body mass (g); 0 to 50000; may be left empty' })
  for (const { name, kind, initial, options } of form.fields) {
    if (kind === 'choice') t.ok(Number(initial) in options, name)
    else t.ok(initial !== '' && Number.isFinite(Number(initial)), `${name} begins with ${initial}`)
  }
})

t.test('a feature that is left to its default begins with it', async (t) => {
  const form = await describe(await build(t), 'template-rf')
  t.match(form, { fields: [{ name: 'feature1', required: false, empty: /^default: -1/ }, {}, {}] })
})

t.test('vectors are JSON', async (t) => {
  const store = await makeStore(t, { digits: { zoo: 'digits-convolution' } })
  const form = await describe(await build(t, { MODEL_STORE: store }), 'digits')
  t.match(form, { fields: [{ name: 'image', kind: 'json', required: true, initial: /^\[\[\[0,0/ }] })
})

t.test('a model without named features has one text, with a row where one will do and else with JSON', async (t) => {
  const store = await makeStore(t, { row: { zoo: 'logistic-string-labels' }, text: { zoo: 'identity-string' } })
  const app = await build(t, { MODEL_STORE: store })
  t.same(await describe(app, 'row'), { text: '0, 0, 0, 0' })
  const text = await describe(app, 'text')
  t.ok('text' in text && JSON.parse(text.text))
})

t.test('every form is answered as it begins', async (t) => {
  const bare = ['logistic-string-labels', 'identity-string', 'identity-bool', 'int64-input', 'several-outputs', 'strings-and-booleans', 'digits-convolution', 'linear-regression-3-targets']
  const examples = ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf']
  const store = await makeStore(t, Object.fromEntries([...bare.map((zoo) => [zoo, { zoo }]), ...examples.map((example) => [example, { example }])]))
  const app = await build(t, { MODEL_STORE: store })
  for (const name of [...bare, ...examples]) {
    const form = await describe(app, name)
    const initial = new Map('fields' in form ? form.fields.map(({ name, initial }) => [name, initial]) : [])
    const { face, body } = 'fields' in form ? { face: 'predict', body: readRecord(form.fields, (name) => initial.get(name)).record } : readRows(form.text)
    const answer = await app.inject({ method: 'POST', url: `/models/${name}/${face}`, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(body) })
    t.equal(answer.statusCode, 200, `${name} ${answer.body.slice(0, 200)}`)
    const [shown] = describeResults(answer.json())
    t.ok(shown !== undefined && (shown.headline !== '' || shown.values.length > 0), name)
  }
})

t.test('types that mix, 64-bit integers and missing documents', (t) => {
  const field = (schema: object, example?: unknown) => {
    const api: ApiDocument = {
      paths: { '/models/m/predict': { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/R' }, example: { a: example } } } } } } },
      components: { schemas: { R: { properties: { a: schema } } } }
    }
    const form = describeForm(api, 'm')
    return form !== undefined && 'fields' in form ? form.fields[0] : undefined
  }
  t.match(field({ oneOf: [{ type: 'integer', minimum: Number.MIN_SAFE_INTEGER }, { type: 'string' }, { type: 'null' }] }, 5), { kind: 'integer', initial: '5', hint: 'may be left empty' })
  t.match(field({ enum: ['a', 1, null], default: 1 }), { kind: 'choice', options: ['a', 1], initial: '1', empty: 'default: 1' })
  t.match(field({ type: ['string', 'null'] }, null), { kind: 'text', initial: '', empty: 'missing' })
  t.match(field({ type: 'number', maximum: 3 }), { hint: 'at most 3; may be left empty' })
  t.match(field({ type: 'number', minimum: 3, examples: [4] }), { hint: 'at least 3; may be left empty', initial: '4' })
  t.match(field({ anyOf: [{ type: 'array' }, { type: 'array' }] }), { kind: 'json' })
  t.match(field({}), { kind: 'json' })
  t.equal(describeForm({ paths: {}, components: { schemas: {} } }, 'none'), undefined)
  t.end()
})
