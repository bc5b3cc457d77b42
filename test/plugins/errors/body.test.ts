import t from 'tap'
import { describeError, hasPlainErrors } from '../../../plugins/errors/body.js'
import { refusal } from '../../../plugins/openapi/problems.js'

const told = { status: 404, code: 'NOT_FOUND', detail: 'There is nothing here', errors: [], requestId: '1' }

t.test('the answer and the document agree on who gets plain errors', async (t) => {
  const plain = ['/v1', '/v2', '/v2/', '/v2?a=1', '/v2/models/{model_name}/infer', '/v1/models/{model_name}:predict', 'http://localhost:8080/v2', 'http://x/v1/models']
  const others = ['', '/', '/v3', '/v11', '/v2.json', '/predict', '/predict?/v2/', '/models/v2/predict', 'http://v2/predict', 'http://x?/v2']
  for (const url of [...plain, ...others]) {
    const isPlain = plain.includes(url)
    t.equal(hasPlainErrors(url), isPlain, url)
    t.equal(describeError(url, told).type, isPlain ? 'application/json' : 'application/problem+json', `the answer of ${url}`)
    t.equal(refusal(url, 401).$ref, `#/components/responses/${isPlain ? 'Plain' : ''}Unauthorized`, `the document of ${url}`)
  }
})
