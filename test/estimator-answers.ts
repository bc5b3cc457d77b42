import { readFileSync } from 'node:fs'
import type { Test } from 'tap'

/** What an estimator says about some records, as `exporters/examples/answers.py` writes it. */
export interface EstimatorAnswers {
  records: Record<string, unknown>[]
  predictions: (number | string)[]
  class_names: string[] | null
  probabilities: number[][] | null
}

/** What the server says about one record. */
export interface Answer {
  prediction: number | string
  predicted_class?: string
  confidence: number | null
  probabilities?: Record<string, number>
}

export function readAnswers (path: string | URL): EstimatorAnswers {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function isClose (found: number | undefined, wanted: number | undefined): boolean {
  return found !== undefined && wanted !== undefined && Math.abs(found - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted))
}

/** Checks the server's answer to one record against the estimator's; in style `label` the name of the class is the prediction. */
export function checkAnswer (t: Test, answer: Answer, index: number, { predictions, class_names: classes, probabilities }: EstimatorAnswers, labelled: boolean): void {
  const wanted = predictions[index]
  if (classes === null) {
    t.ok(isClose(Number(answer.prediction), Number(wanted)), `record ${index}: ${answer.prediction} is ${wanted}`)
    t.equal(answer.confidence, null)
    t.notOk('probabilities' in answer || 'predicted_class' in answer)
    return
  }
  const shares = probabilities?.[index] ?? []
  const best = shares.indexOf(Math.max(...shares))
  t.equal(answer.predicted_class, classes[best])
  t.equal(answer.prediction, labelled ? classes[best] : wanted)
  t.same(Object.keys(answer.probabilities ?? {}), classes)
  t.ok(classes.every((label, position) => isClose(answer.probabilities?.[label], shares[position])), `record ${index}: ${JSON.stringify(answer.probabilities)} is ${shares}`)
  t.equal(answer.confidence, answer.probabilities?.[classes[best] ?? ''])
}
