import { execFile } from 'node:child_process'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { checkAnswer, readAnswers } from '../estimator-answers.js'
import { build } from '../helper.js'

const project = join(import.meta.dirname, '../..')
const { PYTHON } = process.env
const needsPython = PYTHON === undefined && 'set PYTHON to a Python that has the packages of exporters/requirements.txt'
const tasks = {
  'linear-binary': 'BINARY_CLASSIFICATION',
  'rf-binary': 'BINARY_CLASSIFICATION',
  'rf-multilabel': 'MULTICLASS_CLASSIFICATION',
  'rf-regression': 'REGRESSION',
  'gbdt-binary': 'BINARY_CLASSIFICATION',
  iris: 'MULTICLASS_CLASSIFICATION'
}

/** `npm run example:<name>`; the environment goes before that of the test. */
async function train (name: string, env: NodeJS.ProcessEnv, ...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', `example:${name}`, '--', ...options], { cwd: project, env: { ...process.env, ...env } })
  return stdout
}

t.test('the README names the examples', async (t) => {
  const [, first, others = ''] = /`npm run example:([\w-]+)` \(or ([^)]+)\)/.exec(readFileSync(join(project, 'README.md'), 'utf8')) ?? []
  t.strictSame([first, ...others.replaceAll('`', '').split(', ')], Object.keys(tasks))
})

t.test('without Python the examples say what they need', async (t) => {
  await t.rejects(train('iris', { PYTHON: '/nonexistent' }), { code: 1, stderr: /^the examples are trained by Python [^\n]* set PYTHON [^\n]*\n$/ })
})

t.test('a missing package is named with the command that installs it', { skip: needsPython }, async (t) => {
  const folder = t.testdir({ python: `#!/bin/sh\nexec '${PYTHON}' -S "$@"\n` })
  chmodSync(join(folder, 'python'), 0o755)
  const requirements = /^the Python package \w+ is missing; [^\n]* -r exporters\/requirements\.txt\n$/
  await t.rejects(train('linear-binary', { PYTHON: join(folder, 'python') }, '--store', folder), { code: 1, stderr: requirements })
  t.notOk(existsSync(join(folder, 'linear-binary')))
})

for (const [name, task] of Object.entries(tasks)) {
  t.test(`the example ${name} is trained, served as it says, and answers as its estimator does`, { skip: needsPython }, async (t) => {
    const folder = t.testdir()
    const printed = await train(name, {}, '--store', join(folder, 'store'), '--answers', folder)
    const [, path] = /^serve it: MODEL_PATH=(\S+) npm start$/m.exec(printed) ?? []
    t.equal(resolve(project, path ?? ''), join(folder, 'store', name))
    const app = await build(t, { MODEL_PATH: join(folder, 'store', name) })
    const { model, metadata } = (await app.inject('/info')).json()
    t.match({ model, metadata }, { model: { name, version: '1', task }, metadata: { task } })
    const expected = readAnswers(join(folder, `${name}.json`))
    t.ok(expected.records.length >= 7)
    const answer = await app.inject({ method: 'POST', url: `/models/${name}/predict/batch`, payload: { instances: expected.records } })
    t.equal(answer.statusCode, 200, answer.body.slice(0, 300))
    for (const [index, prediction] of answer.json().predictions.entries()) checkAnswer(t, prediction, index, expected, name === 'iris')
  })
}

t.test('the trees take a category and missing values', { skip: needsPython }, async (t) => {
  const folder = t.testdir()
  await train('gbdt-binary', {}, '--store', folder)
  const app = await build(t, { MODEL_PATH: join(folder, 'gbdt-binary') })
  const predict = async (payload: object) => (await app.inject({ method: 'POST', url: '/predict', payload })).statusCode
  t.equal(await predict({ feature1: null, feature3: null }), 200)
  t.equal(await predict({}), 200, 'one has a default, the others may be missing')
  t.equal(await predict({ feature1: 1, feature3: 'D' }), 400)
  t.equal(await predict({ feature1: 1, feature3: 1 }), 400)
})
