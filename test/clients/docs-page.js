import assert from 'node:assert/strict'
import { Browser } from './browser.js'

// A real browser on Swagger UI at `/docs`: BROWSER is its command, SERVER_HTTP a server that is open to all, GUARDED_HTTP one that wants API_KEY.
const { BROWSER = 'chromium', SERVER_HTTP, GUARDED_HTTP, API_KEY } = process.env
const browser = await Browser.open(BROWSER)

const operation = "document.querySelector('[data-path=\"/models/iris/predict\"]')?.closest('.opblock')"
const shown = `${operation}.querySelector('.live-responses-table .response')`

const click = async (element) => await browser.evaluate(`${element}.click()`)

/** Opens the page of a server, and on it the typed face of iris. It can be tried at once; its body is the example. */
async function open (host) {
  await browser.send('Page.navigate', { url: 'about:blank' })
  await browser.until("location.href === 'about:blank'")
  await browser.send('Page.navigate', { url: `http://${host}/docs` })
  await browser.until(`location.host === '${host}' && ${operation}`)
  await click(`${operation}.querySelector('.opblock-summary-control')`)
  await browser.until(`${operation}.querySelector('.execute')`)
}

/** Presses Execute. Returns the status and the body that the page shows. */
async function execute () {
  await click(`${operation}.querySelector('.execute')`)
  await browser.until(`${shown}?.querySelector('.response-col_description pre')`)
  const [status, body] = await browser.evaluate(`['.response-col_status', '.response-col_description pre'].map((part) => ${shown}.querySelector(part).textContent)`)
  return { status: Number.parseInt(status), body: JSON.parse(body) }
}

/** Gives the key to one of the fields of the dialog behind Authorize. */
async function authorize (field) {
  const input = `document.querySelector('.dialog-ux ${field}')`
  await click("document.querySelector('.scheme-container .authorize')")
  await browser.until(input)
  await browser.evaluate(`${input}.focus()`)
  await browser.type(API_KEY)
  await click(`${input}.closest('form').querySelector('[type=submit]')`)
  await browser.until(`!${input}`)
  await click("document.querySelector('.dialog-ux .btn-done')")
  await click(`${operation}.querySelector('.btn-clear')`)
  await browser.until(`!${shown}`)
}

try {
  await open(SERVER_HTTP)
  const { status, body } = await execute()
  assert.equal(status, 200)
  assert.equal(body.prediction, 'setosa')
  assert.ok(browser.requests.every((url) => url.startsWith(`http://${SERVER_HTTP}/`) || url.startsWith('data:')), `only this server is asked: ${browser.requests}`)
  assert.deepEqual(browser.errors, [])
  console.log('ok - Execute predicts, nothing is fetched from elsewhere, and the policy blocks nothing')

  for (const [scheme, field] of [['BearerKey', '#auth-bearer-value'], ['HeaderKey', '#api_key_value']]) {
    browser.errors = []
    await open(GUARDED_HTTP)
    assert.equal((await execute()).status, 401)
    await authorize(field)
    const { status, body } = await execute()
    assert.equal(status, 200)
    assert.equal(body.prediction, 'setosa')
    assert.equal(browser.errors.length, 1, `only the refusal is an error: ${browser.errors}`)
    assert.match(browser.errors[0], /401/)
    console.log(`ok - where a key is needed, Execute predicts once Authorize has it as ${scheme}`)
  }
} finally {
  await browser.close()
}
