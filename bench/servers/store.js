import { copyFile, cp, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Fills a model store in the temporary folder and resolves with its path. Entries are paths of .onnx files or model folders, or file contents. */
export async function createStore (models) {
  const path = await mkdtemp(join(tmpdir(), 'model-store-'))
  for (const [name, source] of Object.entries(models)) {
    if (typeof source !== 'string') await writeFile(join(path, `${name}.onnx`), source)
    else if (source.endsWith('.onnx')) await copyFile(source, join(path, `${name}.onnx`))
    else await cp(source, join(path, name), { recursive: true })
  }
  return path
}
