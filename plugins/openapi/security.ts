import type { OpenapiDocument } from './document.js'
import { refusal } from './problems.js'

/** How secrets are sent, as `components.securitySchemes`; what nothing refers to is left out of the document. */
export const securitySchemes = {
  AdminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN, where the server has one.' },
  BearerKey: { type: 'http', scheme: 'bearer', description: 'One of API_KEYS.' },
  HeaderKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'One of API_KEYS.' }
} as const

const anyKey = [{ BearerKey: [] }, { HeaderKey: [] }]

/** Says of each operation which secrets open it, and what who has none is told. Those that are open to all say so themselves. */
export function describeKeys ({ paths }: OpenapiDocument): void {
  for (const [path, item] of Object.entries(paths)) {
    for (const operation of Object.values(item)) {
      if (operation.security?.length === 0) continue
      operation.security ??= anyKey
      operation.responses = { 401: refusal(path, 401), ...operation.responses }
    }
  }
}

/** Where nobody needs a key, that needs no saying. */
export function omitKeys ({ paths }: OpenapiDocument): void {
  for (const operation of Object.values(paths).flatMap((item) => Object.values(item))) {
    if (operation.security?.length === 0) delete operation.security
  }
}
