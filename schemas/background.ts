import { Type, type Static } from '@sinclair/typebox'

const BackgroundValueSchema = Type.Unsafe<number | string | boolean | null>({ type: ['number', 'string', 'boolean', 'null'], title: 'a number, a string, true, false or null' })
export type BackgroundValue = Static<typeof BackgroundValueSchema>

/** `background.json`: reference rows for explanations, in the form of a request. null is a missing value. */
export const BackgroundSchema = Type.Object({
  columns: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true, description: 'The features, in their order.' }),
  rows: Type.Array(Type.Array(BackgroundValueSchema), { minItems: 1, description: 'One value per column.' })
}, { title: 'background.json' })
export type Background = Static<typeof BackgroundSchema>

/** The rows by the names of their columns. */
export function toRecords ({ columns, rows }: Background): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])))
}
