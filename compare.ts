import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { compareModels, type Comparison } from './model-comparison.js'

// npm changes into the package's folder; paths are meant as seen from where the command was typed.
const place = process.env.INIT_CWD ?? process.cwd()

try {
  const { values: { rows }, positionals: [first, second, ...others] } = parseArgs({ allowPositionals: true, options: { rows: { type: 'string' } } })
  if (first === undefined || second === undefined || others.length > 0) {
    throw new Error('name two version folders or .onnx files: npm run compare -- model-store/iris/1 model-store/iris/2 [--rows rows.json]')
  }
  process.stdout.write(format([first, second], await compareModels([resolve(place, first), resolve(place, second)], rows && resolve(place, rows))))
} catch (error) {
  process.stderr.write(`not compared: ${(error as Error).message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
  process.exitCode = 1
}

function format (names: [string, string], { variants: [a, b], rows, source, equalLabels, largestDifference, meanDifference }: Comparison): string {
  const share = (part: number, whole: number) => `(${(100 * part / whole).toFixed(0)} %)`
  const lines = [
    ['', ...names],
    ['size', `${a.bytes} bytes`, `${b.bytes} bytes ${share(b.bytes, a.bytes)}`],
    ['p50 of one row', `${a.p50Ms.toFixed(4)} ms`, `${b.p50Ms.toFixed(4)} ms ${share(b.p50Ms, a.p50Ms)}`]
  ]
  const widths = [0, 1].map((column) => 2 + Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const table = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('').trimEnd())
  return [
    ...table,
    equalLabels === undefined ? 'no labels to compare: the task is no classification' : `equal labels: ${(100 * equalLabels).toFixed(2)} % of ${rows} rows (${source})`,
    `difference of the outputs: ${largestDifference.toPrecision(3)} at most, ${meanDifference.toPrecision(3)} on average, over ${rows} rows (${source})`,
    ''
  ].join('\n')
}
