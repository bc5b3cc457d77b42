import { Type, type Static, type TSchema } from '@sinclair/typebox'

/** A reference by `$id`, with the type of what it refers to: validators, types and documents then share one definition. */
export function ref<T extends TSchema> (schema: T) {
  return Type.Unsafe<Static<T>>(Type.Ref(`${schema.$id}#`))
}
