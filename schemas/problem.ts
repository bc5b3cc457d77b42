import { Type, type Static } from '@sinclair/typebox'
import { ref } from './ref.js'

export const FieldErrorSchema = Type.Object({
  path: Type.String({ description: 'JSON pointer into the body, or the name of a parameter.' }),
  message: Type.String(),
  expected: Type.Optional(Type.String()),
  got: Type.Optional(Type.String())
}, { $id: 'FieldError', title: 'FieldError', description: 'One offending place in a request.' })

/** RFC 9457 problem details, the body of every error outside /v1 and /v2. */
export const ProblemSchema = Type.Object({
  type: Type.String({ description: 'URI reference of the kind of problem.' }),
  title: Type.String({ description: 'The status in words.' }),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  detail: Type.String({ description: 'What went wrong, for people.' }),
  code: Type.String({ description: 'What went wrong, for programs: stable and documented.' }),
  request_id: Type.String({ description: 'Names this request in the log.' }),
  errors: Type.Array(ref(FieldErrorSchema), { description: 'Every offending field, up to a bound.' })
}, { $id: 'Problem', title: 'Problem', description: 'Problem details, RFC 9457.' })
export type Problem = Static<typeof ProblemSchema>
