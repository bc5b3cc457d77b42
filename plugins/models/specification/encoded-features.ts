import type { Feature, InputLayout } from '../../../codecs/specification.js'
import type { EncodedColumn, Graph } from '../../../workers/contract.js'
import { SpecificationError } from './error.js'

/**
 * Features that an encoder of the graph reads get its categories, or its smallest and largest integer as bounds, unless they have categories of their own:
 * what the encoder does not know would only fail inside the run. `source` is where the features were declared. Throws a SpecificationError for a default that the encoder does not know.
 */
export function restrictEncoded (layout: InputLayout, { encoders }: Pick<Graph, 'encoders'>, source: string): InputLayout {
  const { features, inputs } = layout
  if (features === undefined || encoders.length === 0) return layout
  return {
    ...layout,
    features: features.map((feature, index) => {
      const { input, column, size, categories } = feature
      const encoder = encoders.find((one) => one.input === inputs[input]?.name && one.column === column)
      return encoder === undefined || size !== 1 || categories !== undefined ? feature : restrict(feature, encoder, `${source}[${index}]`)
    })
  }
}

function restrict (feature: Feature, { categories }: EncodedColumn, field: string): Feature {
  const { name, type, default: value } = feature
  if (value !== undefined && value !== null && !categories.some((category) => category === value)) {
    throw new SpecificationError(`${field}.default`, `${JSON.stringify(value)} of '${name}' is no category that the graph's encoder knows`)
  }
  if (type === 'string') return { ...feature, type: 'category', categories: [...categories] }
  if (type !== 'integer') return feature
  const numbers = categories.map(Number)
  if (!numbers.every(Number.isSafeInteger)) return feature
  // In a tensor of numbers a category is its position, which an encoder of integers would misread: bounds are all that can be said.
  const minimum = Math.max(feature.minimum ?? -Infinity, numbers.reduce((a, b) => Math.min(a, b)))
  const maximum = Math.min(feature.maximum ?? Infinity, numbers.reduce((a, b) => Math.max(a, b)))
  return minimum > maximum ? feature : { ...feature, minimum, maximum }
}
