import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-port=0', '--window-size=1280,900']

/** One page of a Chromium without a window, driven over its DevTools protocol. */
export class Browser {
  /** What the page logged as an error, and what it asked of which address. */
  errors = []
  requests = []
  #process
  #profile
  #socket
  #session
  #last = 0
  #waiting = new Map()

  static async open (command) {
    const browser = new Browser()
    browser.#profile = await mkdtemp(join(tmpdir(), 'home-page-'))
    // It keeps caches and temporary folders that it does not clean up.
    const env = { ...process.env, HOME: browser.#profile, TMPDIR: browser.#profile }
    browser.#process = spawn(command, [...quiet, `--user-data-dir=${browser.#profile}`, 'about:blank'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    await browser.#connect()
    return browser
  }

  async #connect () {
    const lines = createInterface({ input: this.#process.stderr })
    const address = await new Promise((resolve, reject) => {
      lines.on('line', (line) => { if (line.startsWith('DevTools listening on ')) resolve(line.slice('DevTools listening on '.length)) })
      lines.once('close', () => reject(new Error('The browser does not start')))
    })
    this.#socket = new WebSocket(address)
    await once(this.#socket, 'open')
    this.#socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(data)))
    const { targetInfos } = await this.send('Target.getTargets')
    const { targetId } = targetInfos.find(({ type }) => type === 'page')
    this.#session = (await this.send('Target.attachToTarget', { targetId, flatten: true })).sessionId
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`)
  }

  #receive ({ id, result, error, method, params }) {
    if (method === 'Runtime.exceptionThrown') this.errors.push(params.exceptionDetails.exception?.description)
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.errors.push(`${params.entry.text} ${params.entry.url}`)
    if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url)
    const settle = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error !== undefined) settle?.reject(new Error(error.message))
    else settle?.resolve(result)
  }

  async send (method, params = {}) {
    const id = ++this.#last
    const { promise, resolve, reject } = Promise.withResolvers()
    this.#waiting.set(id, { resolve, reject })
    this.#socket.send(JSON.stringify({ id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) }))
    return await promise
  }

  /** The value of an expression in the page. */
  async evaluate (expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Returns once an expression is true in the page. Throws an Error when it does not become so. */
  async until (expression) {
    for (let tries = 0; tries < 500; tries++) {
      if (await this.evaluate(`Boolean(${expression})`)) return
      await delay(20)
    }
    throw new Error(`This never came true: ${expression}`)
  }

  async press (key, code = key, text = undefined) {
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, code, windowsVirtualKeyCode: { Enter: 13, Tab: 9 }[key] ?? 0, ...(text !== undefined && { text }) })
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code })
  }

  async type (text) {
    await this.send('Input.insertText', { text })
  }

  async close () {
    const ended = once(this.#process, 'exit')
    await this.send('Page.close').catch(() => {})
    this.#socket.close()
    this.#process.kill()
    await ended
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 })
  }
}
