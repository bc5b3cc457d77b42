import { createHash, hash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { EntryError, explainFailure } from './errors.js'

const maxJsonBytes = 64 * 1024 * 1024

const foreignExtensions = new Set(['.pkl', '.pickle', '.joblib', '.dill', '.skops', '.pt', '.pth', '.ckpt', '.safetensors', '.h5', '.hdf5', '.keras', '.pb', '.tflite', '.bst', '.ubj', '.cbm'])

/** A model in a format of its training library, which this server never opens. */
export function isForeign (name: string): boolean {
  return foreignExtensions.has(extname(name).toLowerCase())
}

/** What to tell who put such a file into the store. */
export const foreignAdvice = 'is not an ONNX file and is never opened; docs/exporting.md shows how to export it'

/** The path as messages show it: relative to the store. */
export function showPath (root: string, path: string): string {
  return relative(root, path).replaceAll(sep, '/') || '.'
}

function unreadable (root: string, path: string): (error: unknown) => never {
  return (error) => { throw new EntryError(showPath(root, path), `: ${explainFailure(error)}`) }
}

/** The real path of `path`; an `EntryError` when there is none or it is outside `root`. */
export async function resolveInside (root: string, path: string): Promise<string> {
  const real = await realpath(path).catch(unreadable(root, path))
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real
  throw new EntryError(showPath(root, path), ': resolves outside the store, which is not allowed')
}

/** Entries of a folder by name, without what file systems and Kubernetes keep there for themselves. */
export async function listFolder (folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter(({ name }) => !name.startsWith('.') && name !== 'lost+found' && name !== '__MACOSX')
    .sort((a, b) => a.name < b.name ? -1 : 1)
}

/** Whether the entry, or what its symbolic link points to, is a folder; false when that does not exist. */
export async function isFolder (folder: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  return await stat(join(folder, entry.name)).then((stats) => stats.isDirectory(), () => false)
}

async function describeFile (folder: string, entry: Dirent, prefix: string): Promise<string[]> {
  const path = join(folder, entry.name)
  if (entry.isDirectory()) {
    const inner = await listFolder(path)
    return (await Promise.all(inner.map((child) => describeFile(path, child, `${prefix}${entry.name}/`)))).flat()
  }
  const state = await stat(path, { bigint: true }).then(({ size, mtimeNs }) => `${size} ${mtimeNs}`, () => 'unreadable')
  return [`${prefix}${entry.name} ${state}`]
}

export function hashLines (lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32)
}

/** Changes with the names, sizes and modification times of the entries and of everything below them. */
export async function takeFingerprint (folder: string, entries: readonly Dirent[]): Promise<string> {
  return hashLines((await Promise.all(entries.map((entry) => describeFile(folder, entry, '')))).flat())
}

/** Text of a JSON file inside `root`, without a byte order mark, and the digest of its bytes. Throws an `EntryError` when it leaves `root`, is no file, is too big or is not UTF-8. */
export async function readText (root: string, path: string): Promise<{ text: string, sha256: string }> {
  const shown = showPath(root, path)
  const real = await resolveInside(root, path)
  const stats = await stat(real)
  if (!stats.isFile()) throw new EntryError(shown, ': is not a file')
  if (stats.size > maxJsonBytes) throw new EntryError(shown, `: is larger than ${maxJsonBytes} bytes`)
  const bytes = await readFile(real).catch(unreadable(root, path))
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), sha256: hash('sha256', bytes) }
  } catch {
    throw new EntryError(shown, ': is not UTF-8 text')
  }
}
