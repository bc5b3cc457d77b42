import t from 'tap'
import { checkAnswer, readAnswers, type Answer } from './estimator-answers.js'
import { build } from './helper.js'

/** In style `label` the name of the class is the prediction. */
const labelled = new Set(['iris'])

t.test('the example models answer as their estimators do', async (t) => {
  const app = await build(t)
  const post = async (url: string, payload: object) => {
    const answer = await app.inject({ method: 'POST', url, payload })
    t.equal(answer.statusCode, 200, answer.body.slice(0, 300))
    return answer.json()
  }

  for (const name of ['iris', 'breast-cancer', 'diabetes', 'penguins', 'template-rf']) {
    await t.test(name, async (t) => {
      const expected = readAnswers(new URL(`fixtures/examples/${name}.json`, import.meta.url))
      const { records, class_names: classes } = expected
      const check = (answer: Answer, index: number) => checkAnswer(t, answer, index, expected, labelled.has(name))

      const batch = await post(`/models/${name}/predict/batch`, { instances: records })
      t.equal(batch.count, records.length)
      batch.predictions.forEach(check)

      const backwards = await post(`/models/${name}/predict/batch`, { instances: records.toReversed() })
      const positional = await post(`/v1/models/${name}:predict`, { instances: records.map((record) => Object.values(record)) })
      t.same(positional, await post(`/v1/models/${name}:predict`, { instances: records }), 'rows by position are the same records')

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
