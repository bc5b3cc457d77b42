import { readFileSync } from 'node:fs'

/** Version of this package. */
export const version = readVersion()

function readVersion (): string {
  // The build lies one folder below package.json, the sources beside it.
  for (const place of ['./package.json', '../package.json']) {
    try {
      const { name, version }: { name?: string, version?: string } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'))
      if (name === 'fastify-model-server' && version !== undefined) return version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return 'unknown'
}
