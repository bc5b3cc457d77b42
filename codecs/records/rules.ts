import jsonLogic from 'json-logic-js'
import { RuleViolatedError, type FieldError } from '../../errors.js'
import { countFound } from './field-errors.js'

export interface Rule {
  message: string
  /** JSON Logic over a record with its defaults filled in; anything falsy refuses the record. */
  logic?: unknown
}

/** Applies a model's business rules to every record. Throws RuleViolatedError that names the broken rules, at most `maxErrors`, and the record's path. */
export function checkRules (rules: Rule[], records: Record<string, unknown>[], path: (index: number) => string, maxErrors: number): void {
  const errors: FieldError[] = []
  for (const [index, record] of records.entries()) {
    for (const rule of rules) {
      if (jsonLogic.truthy(jsonLogic.apply(rule.logic as jsonLogic.RulesLogic, record))) continue
      if (errors.push({ path: path(index), message: rule.message }) > maxErrors) throw refuse(errors, maxErrors)
    }
  }
  if (errors.length > 0) throw refuse(errors, maxErrors)
}

/** The reason why logic can never be applied, whatever the record: an operation that does not exist, anywhere in it. */
export function findUnknownOperation (logic: unknown): string | undefined {
  if (Array.isArray(logic)) return findFirst(logic)
  if (!jsonLogic.is_logic(logic)) return undefined
  const [operation, operands] = Object.entries(logic as object)[0] ?? ['', []]
  try {
    jsonLogic.apply({ [operation]: [] } as unknown as jsonLogic.RulesLogic, {})
  } catch (error) {
    const { message } = error as Error
    // Others complain about operands, and there are none.
    if (message.startsWith('Unrecognized')) return message.replace('Unrecognized', 'unrecognized')
  }
  return findFirst([operands].flat())
}

function findFirst (parts: unknown[]): string | undefined {
  for (const part of parts) {
    const found = findUnknownOperation(part)
    if (found !== undefined) return found
  }
  return undefined
}

function refuse (errors: FieldError[], most: number): RuleViolatedError {
  const [first] = errors
  return new RuleViolatedError(errors.length === 1 && first !== undefined ? first.message : `${countFound(errors.length, most)} rules are broken`, errors.slice(0, most))
}
