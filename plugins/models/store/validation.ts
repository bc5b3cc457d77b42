import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type AnySchemaObject, type ErrorObject } from 'ajv'
import { EntryError } from './errors.js'

const ajv = new Ajv({ allowUnionTypes: true, useDefaults: true, verbose: true, coerceTypes: false, logger: false })

const nouns = new Map([['integer', 'an integer'], ['number', 'a number'], ['string', 'a string'], ['boolean', 'true or false'], ['array', 'a list'], ['object', 'an object'], ['null', 'null']])

function showValue (value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? 'a list' : 'an empty list'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}

function describeSchema (schema: AnySchemaObject, keyword: string): string {
  if (typeof schema.title === 'string') return schema.title
  if (Array.isArray(schema.enum)) return `${schema.enum.length > 1 ? 'one of ' : ''}${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`
  const types: string[] = [schema.type].flat()
  const noun = types.map((type) => nouns.get(type) ?? type).join(' or ')
  if (keyword === 'maximum') return `${noun} <= ${schema.maximum}`
  if (schema.minimum !== undefined) return `${noun} >= ${schema.minimum}`
  return schema.minItems || schema.minLength ? noun.replace(/^an? /, 'a non-empty ') : noun
}

/** Turns a JSON pointer into `features[2].type`, and finds the name of the list item it leads through. */
function locate (root: unknown, pointer: string, key?: string): { field: string, owner: string } {
  const keys = pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (key !== undefined) keys.push(key)
  let field = ''
  let owner = ''
  let value: unknown = root
  for (const part of keys) {
    if (Array.isArray(value)) {
      field += `[${part}]`
      value = value[Number(part)]
    } else {
      field += field ? `.${part}` : part
      value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined
    }
    const name: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'name') : undefined
    if (typeof name === 'string') owner = ` (of ${showValue(name)})`
  }
  return { field, owner }
}

function explain (error: ErrorObject, root: unknown): { field: string, text: string } {
  const { keyword, instancePath, params, parentSchema = {}, data } = error
  if (keyword === 'required') {
    const { field, owner } = locate(root, instancePath, params.missingProperty)
    return { field, text: `${field}${owner} is missing` }
  }
  if (keyword === 'additionalProperties') {
    const { field } = locate(root, instancePath, params.additionalProperty)
    return { field, text: `${field} is not a known key; known are ${Object.keys(parentSchema.properties).join(', ')}` }
  }
  const { field, owner } = locate(root, instancePath)
  const subject = `${field || 'the content'}${owner}`
  if (keyword === 'propertyNames') return { field, text: `${subject} has the key ${showValue(params.propertyName)}, but its keys must be ${parentSchema.propertyNames.title}` }
  if (keyword === 'uniqueItems') return { field, text: `${subject} repeats ${showValue(Array.isArray(data) ? data[params.i] : data)}` }
  const expected = field ? describeSchema(parentSchema, keyword) : 'an object'
  return { field, text: `${subject} must be ${expected}, got ${showValue(data)}` }
}

/** A function that fills in defaults, checks a parsed JSON value and returns it typed; it throws an `EntryError` that names file and field. */
export function compileSchema<T extends TSchema> (schema: T): (value: unknown, file: string) => Static<T> {
  const validate = ajv.compile<Static<T>>(schema)
  return (value, file) => {
    if (validate(value)) return value
    // Ajv reports the alternatives of an anyOf before the anyOf itself: the last error is the one about the whole value.
    const error = validate.errors?.at(-1)
    const { field, text } = error ? explain(error, value) : { field: '', text: 'is not valid' }
    throw new EntryError(file, `: ${text}`, field || undefined)
  }
}
