import { Type } from '@sinclair/typebox'

const FlagSchema = Type.Optional(Type.Unsafe<'1' | '0' | 'true' | 'false'>({ type: 'string', enum: ['1', '0', 'true', 'false'] }))

export const PredictQuerySchema = Type.Object({
  proba: FlagSchema,
  style: Type.Optional(Type.Unsafe<'scalar' | 'list' | 'label'>({ type: 'string', enum: ['scalar', 'list', 'label'] }))
}, { additionalProperties: false })

export function isOn (flag: string | undefined): boolean {
  return flag === '1' || flag === 'true'
}
