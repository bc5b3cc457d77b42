import type { FieldError } from '../../errors.js'
import type { Problem } from '../../schemas/problem.js'
import { http } from '../http.js'

const plainErrorPath = /^(\w+:\/\/[^/?]*)?\/v[12](\/|\?|$)/
const longestMessage = 2048
const mostNamed = 5

/** An error as a client gets to know it. */
export interface ToldError {
  status: number
  code: string
  detail: string
  errors: FieldError[]
  requestId: string
}

/** Whether the clients of this path (or URL) know no problem details but `{"error": "…"}`: those of KServe V1 and the Open Inference Protocol. */
export function hasPlainErrors (url: string): boolean {
  return plainErrorPath.test(url)
}

/** What a client that asked for this path is told: problem details, or `{"error"}` under /v1 and /v2. */
export function describeError (url: string, { status, code, detail, errors, requestId }: ToldError): { title: string, type: string, body: Buffer } {
  const title = http.STATUS_CODES[status] ?? 'Error'
  if (hasPlainErrors(url)) return { title, type: 'application/json', body: toBytes({ error: shorten(nameFields(detail, errors)) }) }
  const problem: Problem = { type: 'about:blank', title, status, detail: shorten(detail), code, request_id: requestId, errors }
  return { title, type: 'application/problem+json', body: toBytes(problem) }
}

/** Where an error is one text, it has to name the fields: those that its detail does not name already, and of many the first. */
function nameFields (detail: string, errors: FieldError[]): string {
  if (errors.every(({ path }) => !path.startsWith('/') || detail.includes(path.slice(1)))) return detail
  const named = errors.slice(0, mostNamed).map(({ path, message }) => `${path} ${message}`)
  return `${detail}: ${(errors.length > mostNamed ? [...named, '…'] : named).join('; ')}`
}

function shorten (text: string): string {
  return text.slice(0, longestMessage).toWellFormed()
}

/** A Buffer, because Fastify adds a charset to the content type of every string. */
function toBytes (body: Problem | { error: string }): Buffer {
  return Buffer.from(JSON.stringify(body))
}
