import assert from 'node:assert/strict'
import { Browser } from './browser.js'

// A real browser on the page at `/`: BROWSER is its command, SERVER_HTTP a server that is open to all, GUARDED_HTTP one that wants API_KEY.
const { BROWSER = 'chromium', SERVER_HTTP, GUARDED_HTTP, API_KEY } = process.env
const origin = `http://${SERVER_HTTP}`
const browser = await Browser.open(BROWSER)

async function choose (model) {
  await browser.evaluate(`(() => { const select = document.getElementById('model'); select.value = '${model}'; select.dispatchEvent(new Event('change')) })()`)
  await browser.until(`location.hash === '#${model}' && !document.getElementById('form').hidden`)
}

const text = async (selector) => await browser.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent`)
const focus = async (name) => await browser.evaluate(`(() => { const control = document.querySelector('[name=${name}]'); control.focus(); control.select?.() })()`)
const enter = async () => await browser.press('Enter', 'Enter', '\r')

async function enterKey (key) {
  await browser.until("document.activeElement.id === 'key'")
  await browser.evaluate('document.activeElement.select()')
  await browser.type(key)
  await enter()
}

try {
  await browser.send('Page.navigate', { url: `${origin}/` })
  await browser.until("location.hash === '#iris'")
  assert.deepEqual(await browser.evaluate("[...document.querySelectorAll('label')].filter((label) => label.checkVisibility()).map(({ textContent, htmlFor }) => [textContent, document.getElementById(htmlFor).type])"), [
    ['Model', 'select-one'], ['sepal_length', 'number'], ['sepal_width', 'number'], ['petal_length', 'number'], ['petal_width', 'number']
  ])

  await focus('petal_length')
  await browser.type('1.4')
  await browser.press('Tab')
  await browser.type('0.2')
  await enter()
  await browser.until("document.querySelector('.headline')")
  assert.equal(await text('.headline'), 'setosa')
  assert.equal(await browser.evaluate("document.querySelectorAll('.bar').length"), 3)
  const [widest, narrowest] = await browser.evaluate("[...document.querySelectorAll('.bar')].map((bar) => bar.getBoundingClientRect().width).filter((_, index) => index !== 1)")
  assert.ok(widest > narrowest, 'bars are as long as the probabilities are high')
  console.log('ok - a record is predicted with the keyboard')

  await focus('sepal_width')
  await browser.type('-3')
  await enter()
  await browser.until("document.querySelector('[name=sepal_width]').getAttribute('aria-invalid')")
  assert.match(await text('#field-1-fault'), /must be a number from 0/)
  assert.equal(await browser.evaluate('document.activeElement.name'), 'sepal_width')
  console.log('ok - what the server refuses is said at its field')

  await choose('penguins')
  assert.deepEqual(await browser.evaluate("[...document.querySelector('[name=island]').options].map(({ text }) => text)"), ['Biscoe', 'Dream', 'Torgersen'])
  await focus('bill_length_mm')
  await browser.type('')
  await browser.evaluate("document.querySelector('[name=bill_length_mm]').value = ''")
  await enter()
  await browser.until("document.querySelector('.headline')")
  assert.ok(!JSON.parse(await text('#request')).bill_length_mm, 'it is left out')
  assert.match(await text('#answer-line'), /^200 /)
  console.log('ok - a value may be missing')

  await choose('diabetes')
  await focus('age')
  await enter()
  await browser.until("document.querySelector('.headline')")
  assert.ok(Number.isFinite(Number(await text('.headline'))))
  assert.equal(await browser.evaluate("document.querySelectorAll('.bar').length"), 0)
  console.log('ok - a regression shows its value')

  assert.ok(browser.requests.every((url) => url.startsWith(origin) || url.startsWith('data:')), `only this server is asked: ${browser.requests}`)
  assert.deepEqual(browser.errors.filter((error) => !error.includes('400')), [])
  console.log('ok - nothing is fetched from elsewhere, and the policy blocks nothing')

  browser.errors = []
  await browser.send('Page.navigate', { url: `http://${GUARDED_HTTP}/` })
  await browser.until(`location.host === '${GUARDED_HTTP}'`)
  await enterKey('not-one-of-the-keys')
  await browser.until("document.getElementById('key-fault').textContent === 'This is none of the keys.'")
  await enterKey(API_KEY)
  await browser.until("location.hash === '#iris'")
  await focus('petal_width')
  await enter()
  await browser.until("document.querySelector('.headline')")
  assert.match(await text('#answer-line'), /^200 /)
  assert.equal(await browser.evaluate("document.getElementById('key-form').hidden"), true)
  assert.equal(browser.errors.length, 2, `only the two refusals are errors: ${browser.errors}`)
  assert.ok(browser.errors.every((error) => error.includes('401')), String(browser.errors))
  console.log('ok - where a key is needed the page asks for it, and predicts with it')
} finally {
  await browser.close()
}
