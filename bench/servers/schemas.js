const measurement = { type: 'number', minimum: 0, maximum: 30 }
const names = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']
const classNames = ['setosa', 'versicolor', 'virginica']

const probabilities = (classes) => ({ type: 'object', properties: Object.fromEntries(classes.map((name) => [name, { type: 'number' }])) })

const identity = { model: { type: 'string' }, model_version: { type: 'string' }, request_id: { type: 'string' } }

const width = 64

/** What the comparison servers check and write for a model: the schema of a record or row, and that of the answer. */
export const schemas = {
  iris: {
    names,
    classNames,
    body: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, measurement])), required: names, additionalProperties: false },
    answer: {
      type: 'object',
      properties: { prediction: { type: 'string' }, predicted_class: { type: 'string' }, confidence: { type: 'number' }, probabilities: probabilities(classNames), ...identity }
    }
  },
  'wide-network': {
    body: {
      type: 'object',
      properties: { features: { type: 'array', items: { type: 'number' }, minItems: width, maxItems: width } },
      required: ['features'],
      additionalProperties: false
    },
    answer: {
      type: 'object',
      properties: {
        prediction: { type: 'object', properties: { logits: { type: 'array', items: { type: 'number' } } } },
        confidence: { type: 'null' },
        ...identity
      }
    }
  }
}
