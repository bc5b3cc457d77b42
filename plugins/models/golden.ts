import type { FieldError } from '../../errors.js'
import type { Deadline } from '../inference/deadline.js'
import type { GoldenCase, GoldenTests } from '../../schemas/golden-tests.js'
import type { Model } from './model.js'
import type { RowPrediction } from './predictions/predictions.js'

/** A version that does not reproduce its own tests must not serve. */
export class GoldenTestError extends Error {}

interface Difference {
  /** Path below the case, such as `.expect.probabilities.setosa`. */
  field: string
  expected: unknown
  got: unknown
}

/** Runs `tests.json` against the model as it will serve. Throws GoldenTestError with case, field, expected and actual value of the first difference. */
export async function runGoldenTests (model: Model, { cases, tolerance }: GoldenTests, deadline: Deadline): Promise<void> {
  for (const [index, golden] of cases.entries()) {
    const at = `tests.json: cases[${index}]`
    const [result] = await predictOne(model, golden, deadline).catch((error: Error) => {
      throw new GoldenTestError(`${at}${explain(error)}`, { cause: error })
    })
    if (result === undefined) throw new GoldenTestError(`${at}: the model gave no answer`)
    const difference = compare(golden.expect, result, tolerance, model.specification.classNames)
    if (difference !== undefined) throw new GoldenTestError(`${at}${difference.field}: expected ${show(difference.expected)}, got ${show(difference.got)}`)
  }
}

async function predictOne (model: Model, { input }: GoldenCase, deadline: Deadline): Promise<RowPrediction[]> {
  return await model.predict(await model.read({ instances: [input] }, 'instances', true), deadline)
}

/** What a request is told of its first wrong field, said of the input of the case. */
function explain (error: Error & { errors?: FieldError[] }): string {
  const [first] = error.errors ?? []
  if (first === undefined) return `: ${error.message}`
  const steps = first.path.split('/').slice(3).map((step) => /^\d+$/.test(step) ? `[${step}]` : `.${step.replaceAll('~1', '/').replaceAll('~0', '~')}`)
  return `.input${steps.join('')}: ${first.message}${first.got === undefined ? '' : `, got ${first.got}`}`
}

function compare (expected: GoldenCase['expect'], { prediction, predicted_class: name, probabilities }: RowPrediction, tolerance: number, classNames: string[] | undefined): Difference | undefined {
  const difference = expected.prediction === name ? undefined : findDifference('.expect.prediction', expected.prediction, prediction, tolerance)
  if (difference !== undefined || expected.probabilities === undefined) return difference
  const shares = Array.isArray(expected.probabilities)
    ? Object.fromEntries(expected.probabilities.map((value, index) => [classNames?.[index] ?? index, value]))
    : expected.probabilities
  return findDifference('.expect.probabilities', shares, probabilities, tolerance)
}

function findDifference (field: string, expected: unknown, got: unknown, tolerance: number): Difference | undefined {
  if (typeof expected === 'number' && typeof got === 'number' && Math.abs(expected - got) <= tolerance * Math.max(1, Math.abs(expected))) return undefined
  if (!isNested(expected) || !isNested(got)) return expected === got ? undefined : { field, expected, got }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    const place = Array.isArray(expected) ? `${field}[${key}]` : `${field}.${key}`
    const difference = findDifference(place, Reflect.get(expected, key), Reflect.get(got, key), tolerance)
    if (difference !== undefined) return difference
  }
}

function isNested (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function show (value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
