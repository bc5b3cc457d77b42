import { promisify } from 'node:util'
import type { Transform } from 'node:stream'
import { constants, createGunzip, createInflate, deflate, gzip } from 'node:zlib'
import { UnsupportedEncodingError } from '../../errors.js'

export type Encoding = 'gzip' | 'deflate'

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) }
const factories = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate } as const

/** What undoes a Content-Encoding; undefined when there is nothing to undo. Throws UnsupportedEncodingError. */
export function createInflater (contentEncoding: string | undefined): Transform | undefined {
  const name = (contentEncoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return undefined
  if (!isInflatable(name)) throw new UnsupportedEncodingError(name.slice(0, 80))
  return factories[name]()
}

/** The encoding that an Accept-Encoding header prefers among gzip and deflate; undefined for none. `*` is no wish for either. */
export function chooseEncoding (acceptEncoding: string | undefined): Encoding | undefined {
  if (acceptEncoding === undefined) return undefined
  const weights = new Map(acceptEncoding.toLowerCase().split(',').map(parseWeight))
  const floor = weights.get('identity') ?? 0
  let best: Encoding | undefined
  for (const name of ['gzip', 'deflate'] as const) {
    const weight = weights.get(name) ?? 0
    if (weight > 0 && weight >= floor && weight > (best === undefined ? 0 : weights.get(best) ?? 0)) best = name
  }
  return best
}

/** Speed counts: what is compressed here is mostly the mantissas of floats. */
export function compress (body: Buffer, encoding: Encoding): Promise<Buffer> {
  return compressors[encoding](body, { level: constants.Z_BEST_SPEED })
}

function parseWeight (item: string): [string, number] {
  const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  const weight = quality === undefined ? 1 : Number(quality.slice(2))
  return [name, Number.isNaN(weight) ? 0 : weight]
}

function isInflatable (name: string): name is keyof typeof factories {
  return Object.hasOwn(factories, name)
}
