import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { build } from './helper.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

interface Command {
  script: string
  /** The JSON block that follows it. */
  answer?: unknown
}

/** The shell blocks of a page that call the server, each with the answer that is printed below it. */
function findCommands (page: string): Command[] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```\n(?:```json\n(.*?)^```$)?/gms)]
  return blocks.flatMap(([, script = '', answer]) => script.includes('curl ') ? [{ script, ...(answer !== undefined && { answer: JSON.parse(answer) }) }] : [])
}

/** Whether an answer is the printed one: numbers to 1e-6, `…` for anything. */
function agree (found: unknown, printed: unknown): boolean {
  if (printed === '…') return true
  if (typeof found === 'number' && typeof printed === 'number') return Math.abs(found - printed) <= 1e-6 * Math.max(1, Math.abs(printed))
  if (typeof found !== 'object' || typeof printed !== 'object' || found === null || printed === null) return found === printed
  const entries = Object.entries(printed)
  return Object.keys(found).length === entries.length && entries.every(([key, value]) => agree(Object.getOwnPropertyDescriptor(found, key)?.value, value))
}

t.test('the commands of the README do what it says', async (t) => {
  const app = await build(t)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const commands = findCommands(readme)
  t.ok(commands.length >= 6 && commands.filter(({ answer }) => answer !== undefined).length >= 2, 'there are commands and answers')
  for (const { script, answer } of commands) {
    await t.test(script.split('\n')[0] ?? '', async (t) => {
      t.match(script, 'localhost:8080', 'it asks the server that was started above')
      const { stdout } = await promisify(execFile)('sh', ['-c', script.replaceAll(/(http:\/\/)?localhost:8080/g, address)])
      const found = JSON.parse(stdout)
      if (answer !== undefined) t.ok(agree(found, answer), `${stdout} is ${JSON.stringify(answer)}`)
      else t.notOk('error' in found || 'errors' in found, stdout.slice(0, 300))
    })
  }
})
