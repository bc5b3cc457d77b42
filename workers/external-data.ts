import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

/**
 * Path of a file that an ONNX file names as its external data, whether it is there or not. Rejects with one line when it lies outside the model's
 * folder, after symlinks.
 */
export async function locateExternalData (folder: string, location: string): Promise<string> {
  const root = await realpath(folder)
  const path = resolve(root, location)
  const real = await realpath(path).catch(() => path)
  if (!real.startsWith(root + sep)) throw new Error(`external data '${location}' leaves the model's folder`)
  return real
}
