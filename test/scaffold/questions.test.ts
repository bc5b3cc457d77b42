import t from 'tap'
import { complete } from '../../scaffold/questions.js'

async function answer (given: Parameters<typeof complete>[0], answers: string[]) {
  const questions: string[] = []
  const request = await complete(given, async (question) => {
    questions.push(question)
    return answers[questions.length - 1] ?? ''
  })
  return { request, count: questions.length, questions }
}

t.test('what is missing is asked for', async (t) => {
  t.match(await answer({}, ['here', 'a.onnx', '9000', '{"a":"int"}']), { request: { target: 'here', model: 'a.onnx', port: 9000, inputSchema: '{"a":"int"}' }, questions: [/Folder/, /Model/, /Port/, /columns/] })
  t.match(await answer({ target: 'here', port: 1 }, ['a.onnx', '']), { request: { target: 'here', model: 'a.onnx', port: 1 }, count: 2 })
})

t.test('an empty answer is the default', async (t) => {
  const { request, count } = await answer({}, ['here'])
  t.same(request, { target: 'here', port: 8080 })
  t.equal(count, 3, 'the example is not asked for its columns')
})

t.test('a wrong answer ends the questions', async (t) => {
  await t.rejects(answer({}, ['here', 'a.onnx', 'web']), { message: /^--port must be/ })
})
