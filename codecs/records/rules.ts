import jsonLogic from 'json-logic-js'
import { RuleViolatedError, type FieldError } from '../../errors.js'

export interface Rule {
  message: string
  /** JSON Logic over a record with its defaults filled in; anything falsy refuses the record. */
  logic?: unknown
}

/** Applies a model's business rules to every record. Throws RuleViolatedError that names each broken rule and the record's path. */
export function checkRules (rules: Rule[], records: Record<string, unknown>[], path: (index: number) => string, maxErrors: number): void {
  const errors: FieldError[] = []
  for (const [index, record] of records.entries()) {
    for (const rule of rules) {
      if (jsonLogic.truthy(jsonLogic.apply(rule.logic as jsonLogic.RulesLogic, record))) continue
      if (errors.push({ path: path(index), message: rule.message }) === maxErrors) throw refuse(errors)
    }
  }
  if (errors.length > 0) throw refuse(errors)
}

function refuse (errors: FieldError[]): RuleViolatedError {
  const [first] = errors
  return new RuleViolatedError(errors.length === 1 && first !== undefined ? first.message : `${errors.length} rules are broken`, errors)
}
