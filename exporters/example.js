import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const folder = import.meta.dirname
const { PYTHON, VIRTUAL_ENV } = process.env
const candidates = PYTHON !== undefined
  ? [PYTHON]
  : [...VIRTUAL_ENV === undefined ? [join(folder, '.venv/bin/python'), join(folder, '.venv/Scripts/python.exe')] : [], 'python3', 'python']

const python = candidates.find((candidate) => spawnSync(candidate, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).status === 0)
if (python === undefined) {
  process.stderr.write(`the examples are trained by Python 3.10 or newer, and ${candidates.join(', ')} is none: install it, or set PYTHON (the server itself needs no Python)\n`)
  process.exitCode = 1
} else {
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' }
  process.exitCode = spawnSync(python, ['-m', 'examples', ...process.argv.slice(2)], { env, stdio: 'inherit' }).status ?? 1
}
