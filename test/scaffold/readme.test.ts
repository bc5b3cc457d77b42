import { execFileSync } from 'node:child_process'
import t from 'tap'
import { describeProject } from '../../scaffold/readme.js'

const project = { name: 'churn', server: '../the server', port: 9000, grpcPort: 9001, config: {} }

t.test('a body is one word of a shell, whatever it holds', async (t) => {
  const body = { "it's": '$HOME `id` "x" \\' }
  const [, command = ''] = /```sh\ncurl (.*?)```/s.exec(describeProject({ ...project, model: { name: 'm', report: '', body } })) ?? []
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' }).split('\n')
  t.same(JSON.parse(words[words.indexOf('-d') + 1] ?? ''), body)
})

t.test('an answer is printed where there is one', async (t) => {
  t.match(describeProject({ ...project, model: { name: 'm', report: '', body: { a: 1 }, answer: { prediction: 2 } } }), '\n```json\n{"prediction":2}\n```\n')
  t.notMatch(describeProject({ ...project, model: { name: 'm', report: '', body: { a: 1 } } }), '```json')
})

t.test('a container has the ports of the project', async (t) => {
  const model = { name: 'm', report: '' }
  t.match(describeProject({ ...project, model }), '\ndocker run --rm -p 9000:8080 -p 9001:8081 churn\n')
  t.match(describeProject({ ...project, port: 65535, grpcPort: -1, model }), '\ndocker run --rm -p 65535:8080 churn\n')
})

t.test('without a body, or with a very long one, the page that describes the model is named', async (t) => {
  for (const body of [undefined, { features: Array(5000).fill(0) }]) {
    const text = describeProject({ ...project, model: { name: 'm', report: '', body } })
    t.match(text, '\ncurl -s localhost:9000/models/m\n')
    t.notMatch(text, '/predict')
  }
})

t.test('a path with a space is one word', async (t) => {
  t.match(describeProject({ ...project, model: { name: 'm', report: '' } }), 'docker build -t fastify-model-server:v1 -f "../the server/Containerfile" "../the server"')
})

t.test('what is printed has no empty line too many, and a row for model.json where there is one', async (t) => {
  for (const model of [{ name: 'm', report: '' }, { name: 'm', report: '', body: { a: 1 } }, { name: 'm', report: '', body: { a: 1 }, answer: { prediction: 2 } }]) {
    t.notMatch(describeProject({ ...project, model }), /\n\n\n|model\.json/)
  }
  t.match(describeProject({ ...project, config: { response_style: 'label', deterministic: true }, model: { name: 'm', report: '' } }), '\n| `model-store/m/model.json` | how the model is served: `response_style`, `deterministic` |\n|')
})
