import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const project = join(import.meta.dirname, '..')
const tsc = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'))

/** Builds the server into a folder of the test. Returns the file to run. */
export async function buildServer (t: Test): Promise<string> {
  const folder = t.testdir({ 'package.json': '{"type":"module"}' })
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist'), '--noCheck'], { cwd: project })
  return join(folder, 'dist/server.js')
}

/** Makes the folder that holds `dist/` the package with its scripts. The build has been done: `build` runs in its place. */
export function addScripts (folder: string, build: string): void {
  const { scripts, ...manifest } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, scripts: { ...scripts, build } }))
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
}

export interface LogLine {
  level: number
  msg: string
  [member: string]: unknown
}

/** The real server in a process of its own, with nothing of the test's environment. */
export class ServerProcess {
  readonly child: ChildProcess
  readonly log: LogLine[] = []
  stderr = ''
  readonly #listening: Promise<string>
  readonly #exited: Promise<number | string>

  constructor (t: Test, file: string, settings: Record<string, string | number> = {}, node = process.execPath) {
    const env = Object.fromEntries(Object.entries({ PATH: process.env.PATH ?? '', PORT: 0, GRPC_PORT: -1, WORKERS: 2, MAX_EVENT_LOOP_DELAY_MS: 0, ...settings }).map(([name, value]) => [name, String(value)]))
    this.child = spawn(node, ['--enable-source-maps', file], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => this.child.kill('SIGKILL'))
    const { promise, resolve } = Promise.withResolvers<string>()
    this.#listening = promise
    let rest = ''
    this.child.stdout?.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const entry: LogLine = JSON.parse(line)
        this.log.push(entry)
        const [address] = /http:\S+/.exec(entry.msg) ?? []
        if (address !== undefined) resolve(address)
      }
    })
    this.child.stderr?.on('data', (chunk) => { this.stderr += chunk })
    this.#exited = once(this.child, 'close').then(([code, signal]) => code ?? signal)
  }

  /** Address of the server once it listens. */
  async listening (): Promise<string> {
    const ended = this.#exited.then((code) => { throw new Error(`the server ended with ${code}: ${this.stderr}`) })
    return await Promise.race([this.#listening, ended])
  }

  /** Address of the server once it serves. */
  async ready (): Promise<string> {
    const address = await this.listening()
    while ((await fetch(`${address}/ready`)).status !== 200) await delay(10)
    return address
  }

  /** Exit code, or the signal that ended the process. */
  async exited (): Promise<number | string> {
    return await this.#exited
  }

  /** Sends a signal and resolves like `exited`. */
  async stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.child.kill(signal)
    return await this.#exited
  }
}
