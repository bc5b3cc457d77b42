import { OipError } from './error.js'
import { oipDatatype } from './datatypes.js'
import type { DataType, Tensor } from '../tensor.js'

type Numbers = ArrayLike<number | bigint>

/** Whether the elements of a tensor can be ranked. */
export function isClassifiable (type: DataType): boolean {
  return type !== 'string' && type !== 'float16' && type !== 'bool'
}

/**
 * The classification extension: for every row of a [batch, ...] tensor, or for all of a tensor of one dimension, the `size`
 * highest elements as `value:index[:label]`, of shape [batch, N] or [N]. Throws OipError for a tensor that cannot be ranked.
 */
export function classify ({ name, type, dims, data }: Tensor, size: number, labels: readonly string[] = []): Tensor {
  if (!isClassifiable(type) || Array.isArray(data)) throw new OipError(`class result not available for output '${name}' due to unsupported type '${oipDatatype(type)}'`)
  const batch = dims.length > 1 ? dims.slice(0, 1) : []
  const rows = batch[0] ?? 1
  const width = rows === 0 ? 0 : data.length / rows
  const isFloat = type === 'float32' || type === 'float64'
  const spell = (value: number | bigint) => isFloat ? formatFixed(Number(value)) : String(value)
  const classes: string[] = []
  for (let start = 0; start < data.length; start += width) {
    for (const { value, index } of rank(data.subarray(start, start + width)).slice(0, size)) {
      const label = labels[index]
      classes.push(`${spell(value)}:${index}${label === undefined ? '' : `:${label}`}`)
    }
  }
  return { name, type: 'string', dims: [...batch, Math.min(size, width)], data: classes }
}

/** Elements by falling value; equal ones keep their order, NaN comes last. */
function rank (values: Numbers): { value: number | bigint, index: number }[] {
  const key = (value: number | bigint) => Number.isNaN(value) ? -Infinity : value
  return Array.from(values, (value, index) => ({ value, index })).sort((a, b) => {
    const [first, second] = [key(a.value), key(b.value)]
    return first > second ? -1 : first < second ? 1 : 0
  })
}

/** What C prints for `%f`: six decimals of the exact value, a tie to the even digit. */
function formatFixed (value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}.000000`
  const rounded = value.toFixed(6)
  // Only odd multiples of 1/128 have exactly seven decimals; toFixed rounds them away from zero.
  const truncated = value.toFixed(7).slice(0, -1)
  const isTie = Math.abs(value * 128 % 2) === 1
  return isTie && Number(truncated.at(-1)) % 2 === 0 ? truncated : rounded
}
