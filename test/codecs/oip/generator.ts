import { arrayTypes, elementCount, type DataType, type Tensor } from '../../../codecs/tensor.js'
import type { OipModel } from '../../../codecs/oip/model.js'

export const dataTypes: DataType[] = ['float32', 'float64', 'float16', 'bool', 'string', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64']

const texts = ['', 'a', 'é', '日本語', '😀', '"quoted"', '\\', 'NaN', 'line\nbreak', '12345678901234567890', '{"a":[1]}', '\u2028']

/** Repeatable numbers of [0, 1): mulberry32. */
export class Generator {
  #state: number
  constructor (seed: number) {
    this.#state = seed
  }

  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  below (limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T> (items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  bytes (length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  dims (): number[] {
    return Array.from({ length: this.below(4) }, () => this.below(5))
  }

  /** Random bits of every element, so that NaN, infinities, subnormals and extreme integers come up. */
  tensor (name: string, type: DataType = this.pick(dataTypes), dims = this.dims()): Tensor {
    const count = elementCount(dims)
    if (type === 'string') return { name, type, dims, data: Array.from({ length: count }, () => this.pick(texts) + this.pick(texts)) }
    if (type === 'bool') return { name, type, dims, data: Uint8Array.from({ length: count }, () => this.below(2)) }
    if ((type === 'float32' || type === 'float64') && this.below(2) === 0) return { name, type, dims, data: new arrayTypes[type](count).map(() => this.next() * 200 - 100) }
    const { BYTES_PER_ELEMENT: size } = arrayTypes[type]
    return { name, type, dims, data: new arrayTypes[type](this.bytes(count * size).buffer) }
  }
}

/** A model that takes exactly such tensors, with every first dimension free. */
export function modelOf (inputs: readonly Tensor[], outputs: readonly Tensor[] = []): OipModel {
  const specs = (tensors: readonly Tensor[]) => tensors.map(({ name, type, dims }) => ({ name, type, dims: dims.map((dim, axis) => axis === 0 ? -1 : dim) }))
  return { name: 'm', version: '1', inputs: specs(inputs), outputs: specs(outputs) }
}
