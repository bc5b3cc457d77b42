import { mismatch, refuse, type IndexNoun } from './field-errors.js'

/** The shape that nested arrays of the given rank share. Throws InvalidRequestError for the first ragged or different one. */
export function commonShape (values: unknown[], rank: number, path: (index: number) => string, noun?: IndexNoun): number[] {
  const shape = shapeOf(values[0])
  for (const [index, value] of values.entries()) {
    if (shape.length !== rank) throw refuse([mismatch(path(index), `array with ${rank} dimensions`, value)], { noun })
    if (!hasShape(value, shape)) throw refuse([mismatch(path(index), `array of ${shape.join(' x ')}, like the first one`, value)], { noun })
  }
  return shape
}

function shapeOf (value: unknown): number[] {
  const shape: number[] = []
  while (Array.isArray(value)) {
    shape.push(value.length)
    value = value[0]
  }
  return shape
}

function hasShape (value: unknown, shape: readonly number[], depth = 0): boolean {
  if (!Array.isArray(value) || value.length !== shape[depth]) return false
  return depth + 1 === shape.length || value.every((item) => hasShape(item, shape, depth + 1))
}
