import { execFileSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

const root = join(import.meta.dirname, '..')

/** Copies what `.dockerignore` lets into the container to a folder of the test, with the dependencies. Returns the folder. */
export function copyProject (t: Test): string {
  const folder = t.testdir({})
  const patterns = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  for (const file of patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))) cpSync(join(root, file), join(folder, file), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Builds such a copy as `npm run build` does. Returns its `dist/`. */
export function buildProject (folder: string): string {
  execFileSync(process.execPath, ['build.js'], { cwd: folder })
  return join(folder, 'dist')
}
