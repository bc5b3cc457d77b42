import { withKey } from './api-key.js'
import { create, select } from './elements.js'
import { controlsOf, createField, createText, setFault } from './fields.js'
import { describeForm } from './form.js'
import { placeFaults, readRecord, readRows } from './request.js'
import { describeResults } from './result.js'

/**
 * @typedef {import('./form.js').Form} Form
 * @typedef {{ version: string, state: string, reason: string, task?: string }} Version
 * @typedef {{ name: string, default: boolean, reason: string, versions: Version[] }} Model
 */

const find = {
  keyForm: select('key-form', HTMLFormElement),
  key: select('key', HTMLInputElement),
  keyFault: select('key-fault', HTMLElement),
  model: select('model', HTMLSelectElement),
  about: select('about', HTMLElement),
  form: select('form', HTMLFormElement),
  fields: select('fields', HTMLElement),
  fault: select('fault', HTMLElement),
  result: select('result', HTMLElement),
  exchange: select('exchange', HTMLElement),
  requestLine: select('request-line', HTMLElement),
  request: select('request', HTMLElement),
  answerLine: select('answer-line', HTMLElement),
  answer: select('answer', HTMLElement)
}

/** @type {Form} */
let form = { fields: [] }

const ask = withKey(async (isWrong) => {
  find.keyFault.textContent = isWrong ? 'This is none of the keys.' : ''
  find.keyForm.hidden = false
  find.key.focus()
  await new Promise((resolve) => find.keyForm.addEventListener('submit', resolve, { once: true }))
  find.keyForm.hidden = true
  return find.key.value.trim()
})

/** @param {string} url */
async function getJson (url) {
  const response = await ask(url, { headers: { accept: 'application/json' } })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return await response.json()
}

async function start () {
  /** @type {{ models: Model[] }} */
  const { models } = await getJson('models')
  const served = models.filter(({ versions }) => versions.some(isReady))
  for (const { name, versions } of models) {
    const option = create('option', { value: name }, versions.some(isReady) ? name : `${name} (not ready)`)
    option.disabled = !versions.some(isReady)
    find.model.append(option)
  }
  if (served.length === 0) throw new Error(['No model serves at the moment.', ...models.map(explain)].join('\n'))
  const wanted = window.location.hash.slice(1)
  const chosen = served.find(({ name }) => name === wanted) ?? served.find((model) => model.default) ?? served[0]
  find.model.value = chosen?.name ?? ''
  find.model.disabled = false
  find.model.addEventListener('change', () => report(show(models)))
  await show(models)
}

/** @param {Version} version */
function isReady ({ state }) {
  return state === 'READY'
}

/** @param {Model} model */
function explain ({ name, reason, versions }) {
  return `${name}: ${[reason, ...versions.map(({ reason }) => reason)].find((text) => text !== '') ?? 'is being loaded'}`
}

/** @param {Model[]} models */
async function show (models) {
  const name = find.model.value
  find.form.hidden = true
  const api = await getJson('openapi.json')
  // Another model may have been chosen in the meantime.
  if (name !== find.model.value) return
  const described = describeForm(api, name)
  if (described === undefined) throw new Error(`The model ${name} is not served any more.`)
  form = described
  window.history.replaceState(null, '', `#${name}`)
  const version = models.find((model) => model.name === name)?.versions.find(isReady)
  const { description = '' } = api.paths[`/models/${name}/predict`].post
  find.about.textContent = [description, version?.task?.toLowerCase().replace('_', ' '), `version ${version?.version}`].filter(Boolean).join(' · ')
  find.fields.replaceChildren(...('fields' in form ? form.fields.map(createField) : [createText(form.text)]))
  clearFaults()
  find.result.replaceChildren(create('p', { class: 'hint' }, 'Fill in the form and press Predict.'))
  find.exchange.hidden = true
  find.form.hidden = false
}

function clearFaults () {
  find.fault.textContent = ''
  for (const control of controlsOf(find.fields)) setFault(control, '')
}

/** @param {{ detail?: string, errors?: import('./request.js').Fault[] }} problem */
function showFaults (problem) {
  const { byField, general } = placeFaults(problem, 'fields' in form ? form.fields.map(({ name }) => name) : [])
  const wrong = controlsOf(find.fields).filter(({ name }) => byField.has(name))
  for (const control of wrong) setFault(control, byField.get(control.name) ?? '')
  find.fault.textContent = general.join('\n')
  wrong[0]?.focus()
  find.result.replaceChildren(create('p', { class: 'fault' }, problem.detail ?? 'The form has faults.'))
}

/**
 * The request that the form says; undefined when it has faults of its own, which are shown.
 * @returns {import('./request.js').Request | undefined}
 */
function readForm () {
  const fields = controlsOf(find.fields)
  if (!('fields' in form)) return readRows(fields[0]?.value ?? '')
  const texts = new Map(fields.map(({ name, value, validity }) => [name, validity.badInput ? undefined : value]))
  const { record, faults } = readRecord(form.fields, (name) => texts.get(name))
  if (faults.length === 0) return { face: 'predict', body: record }
  showFaults({ detail: 'Some values cannot be read.', errors: faults })
  return undefined
}

async function predict () {
  clearFaults()
  const request = readForm()
  if (request === undefined) return
  const model = find.model.value
  const url = `models/${model}/${request.face}`
  const startedAt = performance.now()
  const response = await ask(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request.body) })
  const answer = await response.json()
  const took = performance.now() - startedAt
  if (model !== find.model.value) return
  find.requestLine.textContent = `POST /${url}`
  find.request.textContent = JSON.stringify(request.body, null, 2)
  find.answerLine.textContent = `${response.status} in ${took.toFixed(1)} ms`
  find.answer.textContent = JSON.stringify(answer, null, 2)
  find.exchange.hidden = false
  if (response.ok) find.result.replaceChildren(...describeResults(answer).map(createResult))
  else showFaults(answer)
}

/** @param {import('./result.js').Shown} shown */
function createResult ({ headline, confidence, bars, values }) {
  const result = create('div', { class: 'prediction' })
  if (headline !== '') result.append(create('p', { class: 'headline' }, headline))
  if (confidence !== '') result.append(create('p', { class: 'hint' }, `confidence ${confidence}`))
  const rows = bars.length > 0 ? bars.map(({ name, text, share }) => createRow(name, text, share)) : values.map(({ name, text }) => createRow(name, text))
  if (rows.length > 0) result.append(create('ul', { class: 'bars', 'aria-label': bars.length > 0 ? 'Probabilities' : 'Values' }, ...rows))
  return result
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} [share]
 */
function createRow (name, text, share) {
  const row = create('li', {}, create('span', {}, name), create('span', { class: 'share' }, text))
  if (share === undefined) return row
  const bar = create('span', { class: 'bar' })
  bar.style.setProperty('--share', `${share * 100}%`)
  row.append(create('span', { class: 'track', 'aria-hidden': 'true' }, bar))
  return row
}

/** @param {Promise<void>} work */
function report (work) {
  work.catch((/** @type {unknown} */ error) => { find.about.textContent = error instanceof Error ? error.message : String(error) })
}

find.keyForm.addEventListener('submit', (event) => event.preventDefault())
find.form.addEventListener('submit', (event) => {
  event.preventDefault()
  const button = event.submitter
  if (button instanceof HTMLButtonElement) button.disabled = true
  predict()
    .catch(() => showFaults({ detail: 'The server cannot be reached.' }))
    .finally(() => { if (button instanceof HTMLButtonElement) button.disabled = false })
})
find.form.addEventListener('reset', clearFaults)
report(start())
