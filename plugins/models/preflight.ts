import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ModelRef } from '../../workers/contract.js'

const run = promisify(execFile)

/** Opens a model in a child process first. Rejects with the reason when it cannot be opened, crashes, takes longer than `limitMs`, or `closing` is aborted first. */
export async function preflight (model: ModelRef, limitMs: number, closing: AbortSignal): Promise<void> {
  const script = fileURLToPath(import.meta.resolve('../../workers/preflight.js'))
  try {
    await run(process.execPath, [...process.execArgv, script, JSON.stringify(model)], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
      timeout: limitMs,
      signal: closing,
      killSignal: 'SIGKILL'
    })
  } catch (error) {
    const { stderr, signal, killed } = error as { stderr: string, signal: string | null, killed: boolean }
    // The error of the child is no cause to keep: its message is the command line.
    if (killed) throw new Error(`it was not open after ${limitMs} ms`)
    if (signal !== null) throw new Error(`opening it crashes ONNX Runtime (${signal})`)
    throw new Error(stderr.trim() || 'it cannot be opened')
  }
}
