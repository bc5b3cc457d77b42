import { readFileSync } from 'node:fs'
import t from 'tap'
import { build } from './helper.js'

interface Example {
  records: Record<string, unknown>[]
  predictions: (number | string)[]
  class_names: string[] | null
  probabilities: number[][] | null
}

interface Answer {
  prediction: number | string
  predicted_class?: string
  confidence: number | null
  probabilities?: Record<string, number>
}

/** In style `label` the name of the class is the prediction. */
const labelled = new Set(['iris'])

function read (name: string): Example {
  return JSON.parse(readFileSync(new URL(`fixtures/examples/${name}.json`, import.meta.url), 'utf8'))
}

function isClose (found: number | undefined, wanted: number | undefined): boolean {
  return found !== undefined && wanted !== undefined && Math.abs(found - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted))
}

t.test('the example models answer as their estimators do', async (t) => {
  const app = await build(t)
  const post = async (url: string, payload: object) => {
    const answer = await app.inject({ method: 'POST', url, payload })
    t.equal(answer.statusCode, 200, answer.body.slice(0, 300))
    return answer.json()
  }

  for (const name of ['iris', 'breast-cancer', 'diabetes', 'penguins', 'template-rf']) {
    await t.test(name, async (t) => {
      const { records, predictions, class_names: classes, probabilities } = read(name)
      const check = (answer: Answer, index: number) => {
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
        t.equal(answer.prediction, labelled.has(name) ? classes[best] : wanted)
        t.same(Object.keys(answer.probabilities ?? {}), classes)
        t.ok(classes.every((label, position) => isClose(answer.probabilities?.[label], shares[position])), `record ${index}: ${JSON.stringify(answer.probabilities)} is ${shares}`)
        t.equal(answer.confidence, answer.probabilities?.[classes[best] ?? ''])
      }

      const batch = await post(`/models/${name}/predict/batch`, { instances: records })
      t.equal(batch.count, records.length)
      batch.predictions.forEach(check)

      const backwards = await post(`/models/${name}/predict/batch`, { instances: records.toReversed() })
      const rows = await post(`/models/${name}/versions/1/predict/batch`, { instances: records.map((record) => Object.values(record)) })
      t.same(rows.predictions, batch.predictions, 'rows by position are the same records')

      for (const [index, record] of records.entries()) {
        const { model, model_version: version, request_id: _id, ...answer } = await post(`/models/${name}/predict`, record)
        t.same([model, version], [name, '1'])
        check(answer, index)
        for (const other of [batch.predictions[index], backwards.predictions[records.length - 1 - index]]) {
          t.equal(other.predicted_class, answer.predicted_class)
          if (classes !== null) t.equal(other.prediction, answer.prediction)
          t.ok(other.confidence === answer.confidence || Math.abs(other.confidence - answer.confidence) <= 1e-6, 'alone and in a batch')
          if (classes === null) t.ok(Math.abs(other.prediction - Number(answer.prediction)) <= 1e-6 * Math.max(1, Math.abs(other.prediction)), 'alone and in a batch')
        }
        const shuffled = Object.fromEntries(Object.entries(record).reverse())
        const again = await post(`/models/${name}/predict`, shuffled)
        t.same([again.prediction, again.confidence], [answer.prediction, answer.confidence], 'whatever the order of the keys')
      }
    })
  }
})
