import * as errors from '../errors.js'

/** Every code of errors.ts with its status. */
export const errorCodes = new Map(Object.values(errors).flatMap(toCode))

function toCode (member: unknown): [string, number][] {
  if (typeof member !== 'function' || !(member.prototype instanceof Error)) return []
  const { code, statusCode } = Reflect.construct(member, ['', '', '']) as { code: string, statusCode: number }
  return [[code, statusCode]]
}
