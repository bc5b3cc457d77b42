import { readFile } from 'node:fs/promises'
import t from 'tap'
import { ConfigSchema } from '../config.js'
import * as errors from '../errors.js'

const read = async (name: string) => await readFile(new URL(`../docs/${name}`, import.meta.url), 'utf8')

t.test('docs/settings.md has a row for every setting, with its default and what it means', async (t) => {
  const rows = settingRows()
  t.strictSame((await read('settings.md')).split('\n').filter((line) => line.startsWith('| `')), rows)
})

t.test('docs/errors.md lists every code with its status', async (t) => {
  const text = await read('errors.md')
  const listed = new Map([...text.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)]))
  const known = new Map(Object.values(errors).flatMap(toCode))
  known.set('INTERNAL_ERROR', 500)
  t.strictSame([...listed].sort(), [...known].sort())
})

function settingRows (): string[] {
  return Object.entries<{ default?: unknown, description?: string, enum?: unknown[] }>(ConfigSchema.properties).map(([name, { default: value, description = '' }]) =>
    `| \`${name}\` | ${value === undefined ? '' : String(value)} | ${description.replaceAll('|', '\\|')} |`)
}

function toCode (member: unknown): [string, number][] {
  if (typeof member !== 'function' || !(member.prototype instanceof Error)) return []
  const { code, statusCode } = Reflect.construct(member, ['', '', '']) as { code: string, statusCode: number }
  return [[code, statusCode]]
}
