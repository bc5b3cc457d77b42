import { create, select } from './elements.js'

/**
 * @typedef {import('./form.js').Field} Field
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control
 */

/**
 * A feature with its label, its hint and room for a fault.
 * @param {Field} field
 * @param {number} index
 */
export function createField (field, index) {
  const control = createControl(field)
  if (field.required) control.setAttribute('aria-required', 'true')
  return frame(`field-${index}`, field.name, control, field.hint)
}

/**
 * @param {Field} field
 * @returns {Control}
 */
function createControl ({ kind, options, initial, empty, minimum, maximum }) {
  if (kind === 'choice') {
    const none = empty === '' ? [] : [createOption('', empty, initial)]
    return create('select', {}, ...none, ...options.map((value, index) => createOption(String(index), String(value), initial)))
  }
  if (kind === 'json') {
    const area = create('textarea', { rows: '4', spellcheck: 'false', placeholder: empty })
    area.defaultValue = initial
    return area
  }
  const isNumber = kind !== 'text'
  return create('input', {
    type: isNumber ? 'number' : 'text',
    value: initial,
    placeholder: empty,
    autocomplete: 'off',
    ...(isNumber && { step: kind === 'integer' ? '1' : 'any' }),
    ...(minimum !== undefined && { min: String(minimum) }),
    ...(maximum !== undefined && { max: String(maximum) })
  })
}

/**
 * @param {string} value
 * @param {string} text
 * @param {string} initial
 */
function createOption (value, text, initial) {
  const option = create('option', { value }, text)
  option.defaultSelected = value === initial
  return option
}

/**
 * The rows of a model without named features.
 * @param {string} text
 */
export function createText (text) {
  const area = create('textarea', { rows: '8', spellcheck: 'false' })
  area.defaultValue = text
  const field = frame('field-0', 'Rows', area, 'Values in the order of the model, one row per line; or JSON: a row, or an object with the inputs by name.')
  field.classList.add('wide')
  return field
}

/**
 * @param {string} id
 * @param {string} name
 * @param {Control} control
 * @param {string} hint
 */
function frame (id, name, control, hint) {
  control.id = id
  control.name = name
  control.setAttribute('aria-describedby', `${id}-hint ${id}-fault`)
  return create('div', { class: 'field' },
    create('label', { for: id }, name), control,
    create('p', { class: 'hint', id: `${id}-hint` }, hint),
    create('p', { class: 'fault', id: `${id}-fault` }))
}

/**
 * The controls within an element, in their order.
 * @param {HTMLElement} parent
 * @returns {Control[]}
 */
export function controlsOf (parent) {
  return [...parent.querySelectorAll('input, select, textarea')].flatMap((element) => isControl(element) ? [element] : [])
}

/**
 * @param {Element} element
 * @returns {element is Control}
 */
function isControl (element) {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement
}

/**
 * Shows what is wrong with a control; nothing when the text is empty.
 * @param {Control} control
 * @param {string} text
 */
export function setFault (control, text) {
  if (text === '') control.removeAttribute('aria-invalid')
  else control.setAttribute('aria-invalid', 'true')
  select(`${control.id}-fault`, HTMLElement).textContent = text
}
