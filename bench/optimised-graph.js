import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

// node bench/optimised-graph.js model.onnx …: what opening a model costs, and what a copy that ONNX Runtime has optimised would save of it.
// Models without ZipMap and external data; after `npm run build`. Milliseconds of CPU, the least of nine processes each.
const rounds = 9
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, enableMemPattern: false, logSeverityLevel: 4, executionProviders: ['cpu'] }
const warmUp = fileURLToPath(new URL('../model-store/iris/1/model.onnx', import.meta.url))
const paths = process.argv.slice(2)

if (paths[0] === '--one') await measureOne(...paths.slice(1))
else for (const path of paths) process.stdout.write(`${path}: ${compare(resolve(path))}\n`)

function compare (path) {
  const folder = mkdtempSync(join(tmpdir(), 'optimised-graph-'))
  const copy = join(folder, 'model.onnx')
  try {
    run('session', path, { optimizedModelFilePath: copy })
    const least = (...task) => Math.min(...Array.from({ length: rounds }, () => run(...task)))
    const opened = least('open', path)
    const session = least('session', path)
    const optimised = least('session', copy, { graphOptimizationLevel: 'disabled' })
    const saved = Math.round((session - optimised) / opened * 100)
    return `${(statSync(path).size / 1e6).toFixed(1)} MB, opened in ${opened.toFixed(1)} ms, of it the session ${session.toFixed(1)} ms; from the copy ${optimised.toFixed(1)} ms, ${saved} % of opening less`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run (what, path, more = {}) {
  return Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--one', what, path, JSON.stringify(more)], { env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } }))
}

async function measureOne (what, path, more) {
  const { OnnxSession } = await import('../dist/workers/onnx-session.js')
  const { InferenceSession } = await import('onnxruntime-node')
  const open = (file) => OnnxSession.open({ key: file, path: file, folder: dirname(file) })
  // What is paid once for each process is not counted.
  await open(warmUp)
  const before = process.cpuUsage()
  await (what === 'open' ? open(path) : InferenceSession.create(path, { ...options, ...JSON.parse(more) }))
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(String((user + system) / 1000))
}
