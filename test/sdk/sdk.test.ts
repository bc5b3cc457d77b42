import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import openapiTypescript, { astToString } from 'openapi-typescript'
import t from 'tap'
import ts from 'typescript'
import { build } from '../helper.js'

const program = new URL('./client.txt', import.meta.url)

/** Compiles a folder's client.ts as strictly as it goes. Returns what the compiler objects to. */
function compile (folder: string): string[] {
  const project = ts.createProgram([join(folder, 'client.ts')], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true
  })
  const { diagnostics } = project.emit()
  return [...ts.getPreEmitDiagnostics(project), ...diagnostics].map(({ file, start = 0, messageText }) => {
    const line = file === undefined ? '' : `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1} `
    return line + ts.flattenDiagnosticMessageText(messageText, ' ')
  })
}

t.test('A client that is generated from the document knows features and classes by name, and works', async (t) => {
  // The compiler runs in this very thread.
  const app = await build(t, { DEFAULT_MODEL: 'iris', MAX_EVENT_LOOP_DELAY_MS: 0 })
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  const document = await fetch(`${baseUrl}/openapi.json`)
  const folder = t.testdir({ 'package.json': '{"type":"module"}', 'client.ts': await readFile(program, 'utf8') })
  // A feature with a default may be left out; the generator's own default is to ask for it.
  await writeFile(join(folder, 'schema.ts'), astToString(await openapiTypescript(await document.text(), { defaultNonNullable: false })))

  t.strictSame(compile(folder), [])
  const client: { run (baseUrl: string): Promise<Record<string, unknown>> } = await import(pathToFileURL(join(folder, 'client.js')).href)
  const { sum, progress, ...rest } = await client.run(baseUrl)
  t.ok(Math.abs(Number(sum) - 1) < 1e-6)
  t.ok(Math.abs(Number(progress) - 266.8068940596441) < 1e-2, 'the value that scikit-learn gives')
  t.match(rest, {
    german: 'Borsten-Schwertlilie',
    confidence: Number,
    model: 'iris',
    penguin: /Adelie|Chinstrap|Gentoo/,
    nothing: null,
    digit: 1,
    list: ['setosa', 'setosa'],
    status: 400,
    code: 'INVALID_REQUEST',
    fault: '/sepal_width',
    names: ['breast-cancer', 'diabetes', 'iris', 'penguins', 'template-rf']
  })
})
