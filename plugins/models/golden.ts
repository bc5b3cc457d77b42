import type { Deadline } from '../inference/queue.js'
import type { GoldenCase, GoldenTests } from '../../schemas/golden-tests.js'
import type { Model } from './model.js'
import type { RowPrediction } from './predictions/predictions.js'

/** A version that does not reproduce its own tests must not serve. */
export class GoldenTestError extends Error {}

/** Runs `tests.json` against the model as it will serve. Throws GoldenTestError with the first case that differs. */
export async function runGoldenTests (model: Model, { cases, tolerance }: GoldenTests, deadline: Deadline): Promise<void> {
  for (const [index, golden] of cases.entries()) {
    const at = `tests.json: cases[${index}]`
    const [result] = await predictOne(model, golden, deadline).catch((error: Error) => {
      throw new GoldenTestError(`${at}: ${error.message}`, { cause: error })
    })
    if (result === undefined) throw new GoldenTestError(`${at}: the model gave no answer`)
    compare(at, golden.expect, result, tolerance, model.specification.classNames)
  }
}

async function predictOne (model: Model, { input }: GoldenCase, deadline: Deadline): Promise<RowPrediction[]> {
  return await model.predict(await model.read({ instances: [input] }, 'instances', true), deadline)
}

function compare (at: string, expected: GoldenCase['expect'], result: RowPrediction, tolerance: number, classNames: string[] | undefined): void {
  if (!matches(expected.prediction, result.prediction, tolerance) && expected.prediction !== result.predicted_class) {
    throw new GoldenTestError(`${at}: expected prediction ${JSON.stringify(expected.prediction)}, got ${JSON.stringify(result.prediction)}`)
  }
  if (expected.probabilities === undefined) return
  const given = Array.isArray(expected.probabilities)
    ? Object.fromEntries(expected.probabilities.map((value, index) => [classNames?.[index] ?? index, value]))
    : expected.probabilities
  if (!matches(given, result.probabilities, tolerance)) {
    throw new GoldenTestError(`${at}: expected probabilities ${JSON.stringify(given)}, got ${JSON.stringify(result.probabilities)}`)
  }
}

function matches (expected: unknown, got: unknown, tolerance: number): boolean {
  if (typeof expected === 'number' && typeof got === 'number') return Math.abs(expected - got) <= tolerance * Math.max(1, Math.abs(expected))
  if (typeof expected !== 'object' || expected === null || typeof got !== 'object' || got === null) return expected === got
  const keys = Object.keys(expected)
  return keys.length === Object.keys(got).length && keys.every((key) => matches(Reflect.get(expected, key), Reflect.get(got, key), tolerance))
}
