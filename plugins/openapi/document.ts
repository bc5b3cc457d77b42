import type { JsonSchema } from '../../codecs/records/record-schema.js'

export interface MediaType {
  schema: JsonSchema
  example?: unknown
  examples?: Record<string, { summary: string, value: unknown }>
}

export interface Response {
  description: string
  headers?: Record<string, JsonSchema>
  content?: Record<string, MediaType>
}

export interface Reference { $ref: string }

export interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: (JsonSchema | Reference)[]
  requestBody?: { required: boolean, content: Record<string, MediaType> }
  responses: Record<string, Response | Reference>
  security?: Record<string, string[]>[]
}

export type PathItem = Record<string, Operation>

/** The parts of an OpenAPI 3.1 document that are composed here. */
export interface OpenapiDocument {
  openapi: string
  info: JsonSchema
  servers: JsonSchema[]
  tags: { name: string, description: string }[]
  paths: Record<string, PathItem>
  components: {
    schemas: Record<string, JsonSchema>
    responses: Record<string, Response>
    parameters: Record<string, JsonSchema>
  }
}

export function schemaRef (name: string): Reference & JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** Removes the components that nothing refers to. */
export function prune (document: OpenapiDocument): void {
  const used = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { $ref } = value as Partial<Reference>
    if (typeof $ref === 'string' && !used.has($ref)) {
      used.add($ref)
      const [, , section, name] = $ref.split('/')
      visit(componentsOf(document, section)?.[name ?? ''])
    }
    for (const member of Object.values(value)) visit(member)
  }
  visit(document.paths)
  for (const { security = [] } of Object.values(document.paths).flatMap((item) => Object.values(item))) {
    for (const label of security.flatMap(Object.keys)) used.add(`#/components/securitySchemes/${label}`)
  }
  for (const section of Object.keys(document.components)) {
    const components = componentsOf(document, section) ?? {}
    for (const name of Object.keys(components)) {
      if (!used.has(`#/components/${section}/${name}`)) delete components[name]
    }
  }
}

function componentsOf ({ components }: OpenapiDocument, section: string | undefined): Record<string, unknown> | undefined {
  return Object.entries<Record<string, unknown>>(components).find(([name]) => name === section)?.[1]
}
