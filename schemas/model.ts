import { Type } from '@sinclair/typebox'

export const ModelParamsSchema = Type.Object({
  model: Type.String({ description: 'Name of the model.' }),
  version: Type.Optional(Type.String({ description: 'Version number or label.' }))
})
