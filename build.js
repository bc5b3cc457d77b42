import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// A server may be running from dist/, and loads parts of it late: the new build takes its place whole, or not at all.
const next = `dist.${process.pid}`
const previous = `${next}.previous`
try {
  execFileSync(process.execPath, [fileURLToPath(import.meta.resolve('typescript/lib/tsc.js')), '-p', 'tsconfig.build.json', '--outDir', next], { stdio: 'inherit' })
  copyFileSync('schemas/inference.proto', `${next}/schemas/inference.proto`)
  cpSync('routes/home', `${next}/routes/home`, { recursive: true })
  if (existsSync('dist')) renameSync('dist', previous)
  renameSync(next, 'dist')
} catch (error) {
  process.exitCode = error.status ?? 1
} finally {
  for (const folder of [next, previous]) rmSync(folder, { recursive: true, force: true })
}
