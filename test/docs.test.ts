import { readFile } from 'node:fs/promises'
import t from 'tap'
import { ConfigError, ConfigSchema, loadConfig } from '../config.js'
import { errorCodes } from './error-codes.js'

interface Setting {
  type?: string
  default?: unknown
  description?: string
  enum?: string[]
  minimum?: number
  maximum?: number
  pattern?: string
}

const settings = Object.entries<Setting>(ConfigSchema.properties)

const read = async (name: string) => await readFile(new URL(`../docs/${name}`, import.meta.url), 'utf8')

t.test('docs/settings.md has a row for every setting, with its default, its limits and what it means', async (t) => {
  const rows = settingRows()
  t.strictSame((await read('settings.md')).split('\n').filter((line) => line.startsWith('| `')), rows)
})

t.test('what lies beyond the limits of docs/settings.md ends the start with one line, what lies on them does not', async (t) => {
  const limits = [...(await read('settings.md')).matchAll(/^\| `([A-Z_]+)` \| [^|]* \| (-?\d+) to (\d+)(, \w+)* \|/gm)]
  t.equal(limits.length, settings.filter(([, { type, pattern }]) => type === 'integer' || pattern !== undefined).length)
  for (const [, name = '', minimum, maximum] of limits) {
    for (const value of [minimum, maximum]) t.equal(String(Object.entries(loadConfig({ [name]: String(value) })).find(([key]) => key === name)?.[1]), value)
    for (const value of [Number(minimum) - 1, Number(maximum) + 1, 'x', `${minimum}.5`]) {
      t.throws(() => loadConfig({ [name]: String(value) }), { constructor: ConfigError, message: new RegExp(`^${name} must be (an integer from ${minimum} to ${maximum}|a number from ${minimum} to ${maximum}, .*), got "${value}"$`) }, `${name}=${value}`)
    }
  }
})

t.test('a value that docs/settings.md does not list ends the start with one line that lists them, what it lists does not', async (t) => {
  for (const [name, { type, enum: values = type === 'boolean' ? ['true', 'false', '1', '0'] : [] }] of settings) {
    if (values.length === 0) continue
    for (const value of values) t.ok(name in loadConfig({ [name]: value }), `${name}=${value}`)
    t.throws(() => loadConfig({ [name]: 'surely not' }), { constructor: ConfigError, message: new RegExp(`^${name} must be ${type === 'boolean' ? 'true or false' : `one of ${values.join(', ')}`}, got "surely not"$`) }, name)
  }
})

t.test('docs/errors.md lists every code with its status', async (t) => {
  const text = await read('errors.md')
  const listed = new Map([...text.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)]))
  t.strictSame([...listed].sort(), [...errorCodes, ['INTERNAL_ERROR', 500]].sort())
})

t.test('docs/when-not-to-use.md says what a prediction takes, as docs/benchmarks.md has it', async (t) => {
  const [, ours, floor] = /^\| iris, 1 connection, p50 \|.*\((\d+ µs); floor (\d+ µs),/m.exec(await read('benchmarks.md')) ?? []
  t.match(await read('when-not-to-use.md'), `takes ${ours} (p50, measured by the client), bare Fastify without a model ${floor}, `)
})

function settingRows (): string[] {
  return settings.map(([name, setting]) => `| \`${name}\` | ${setting.default === undefined ? '' : String(setting.default)} | ${limitsOf(setting)} | ${setting.description?.replaceAll('|', '\\|')} |`)
}

function limitsOf ({ type, enum: values, minimum, maximum, pattern }: Setting): string {
  if (values !== undefined) return values.join(', ')
  if (type === 'integer') return `${minimum} to ${maximum}`
  if (type === 'boolean') return 'true, false'
  return pattern === undefined ? 'text' : '1 to 999, auto, auto2n1'
}
