import { ConfigError } from '../../../config.js'
import type { FeatureMetadata } from '../../../schemas/metadata.js'
import { reservedNames } from './feature.js'

/** The long names are understood too. */
const types = new Map<unknown, FeatureMetadata['type']>([
  ['int', 'integer'], ['float', 'numeric'], ['str', 'string'], ['bool', 'boolean'],
  ['number', 'numeric'], ['integer', 'integer'], ['numeric', 'numeric'], ['string', 'string'], ['boolean', 'boolean']
])

/** A member of an object whose values are texts. */
const member = /("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*")/g

/** The features that INPUT_SCHEMA names, in the order of the columns. Throws ConfigError with one line that says what cannot be used. */
export function parseInputSchema (text: string): FeatureMetadata[] {
  if (!isSchema(text)) throw new ConfigError(`INPUT_SCHEMA must be a JSON object such as {"age":"int"}, got ${text.replaceAll(/\s+/g, ' ')}`)
  // An object would put names such as "2" before the others, and keep the last of two that are equal.
  const features = [...text.matchAll(member)].map(([, name = '', type = '']) => readFeature(JSON.parse(name), JSON.parse(type)))
  const twice = features.find(({ name }, index) => features.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw new ConfigError(`INPUT_SCHEMA: '${twice.name}' is there twice`)
  return features
}

function isSchema (text: string): boolean {
  try {
    const schema: unknown = JSON.parse(text)
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return false
    const values = Object.values(schema)
    return values.length > 0 && values.every((value) => typeof value === 'string')
  } catch {
    return false
  }
}

function readFeature (name: string, short: string): FeatureMetadata {
  const type = types.get(short)
  if (type === undefined) throw new ConfigError(`INPUT_SCHEMA: ${name}: '${short}' is no type; it is one of int, float, str, bool`)
  if (name === '' || reservedNames.has(name)) throw new ConfigError(`INPUT_SCHEMA: no feature may be called '${name}'`)
  return { name, type }
}
