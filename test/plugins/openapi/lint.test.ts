import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { build, makeStore } from '../../helper.js'
import { readDocument } from './read-document.js'

const command = fileURLToPath(new URL('../../../node_modules/.bin/redocly', import.meta.url))
const rules = join(import.meta.dirname, 'redocly.yaml')

/** What the linter finds in documents by name. It sends nothing anywhere and asks for no updates. */
async function lint (t: Test, documents: Record<string, unknown>): Promise<string[]> {
  const folder = t.testdir(Object.fromEntries(Object.entries(documents).map(([name, document]) => [`${name}.json`, JSON.stringify(document)])))
  const files = Object.keys(documents).map((name) => join(folder, `${name}.json`))
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const output = await new Promise<string>((resolve) => {
    execFile(command, ['lint', '--config', rules, '--format', 'github-actions', '--max-problems', '1000', ...files], { env }, (_error, stdout, stderr) => {
      if (!stderr.includes('validated in')) throw new Error(stderr)
      resolve(stdout)
    })
  })
  return output.split('\n').filter((line) => line !== '')
}

t.test('Documents have no fault by the strict rules: of the examples, of bare exports of every kind, and of no model at all', async (t) => {
  const names = ['logistic-string-labels', 'identity-int64', 'identity-string', 'several-outputs', 'digits-convolution', 'linear-regression-3-targets', 'strings-and-booleans', 'isolation-forest', 'linear-svc-scores']
  const store = await makeStore(t, Object.fromEntries(names.map((zoo) => [zoo, { zoo }])))
  const documents = {
    examples: await readDocument(await build(t, { DEFAULT_MODEL: 'iris' })),
    tensors: await readDocument(await build(t, { MODEL_STORE: store, DEFAULT_MODEL: 'identity-int64' })),
    guarded: await readDocument(await build(t, { MODEL_PATH: 'model-store/iris', API_KEYS: 'key-of-the-only-client', REPOSITORY_CONTROL: true, ADMIN_TOKEN: 'sesame' })),
    columns: await readDocument(await build(t, { MODEL_PATH: join(store, 'strings-and-booleans') })),
    none: await readDocument(await build(t, { MODEL_PATH: join(store, 'identity-int64') }).then(async (app) => {
      await app.models.unload('identity-int64')
      return app
    }))
  }
  await t.test('by the linter', async (t) => {
    t.strictSame(await lint(t, documents), [])
  })
})

t.test('The linter does find faults', async (t) => {
  const app = await build(t)
  const document = await readDocument(app)
  delete document.paths['/models']?.get?.operationId
  t.match(await lint(t, { document }), [/operationId/])
})
