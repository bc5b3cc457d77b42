import { join } from 'node:path'
import { ESLint } from 'eslint'
import t from 'tap'

const eslint = new ESLint({ cwd: join(import.meta.dirname, '..') })

async function complaints (filePath: string, line: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${line}\n`, { filePath })
  return result?.messages.map(({ ruleId }) => ruleId).filter((rule) => rule !== '@typescript-eslint/no-unused-vars') ?? []
}

t.test('imports point down', async (t) => {
  for (const [filePath, path] of [
    ['routes/x.ts', '../app.js'], ['routes/x.ts', '../server.js'], ['routes/x.ts', '../config.js'], ['routes/x.ts', '../log-output.js'], ['routes/x.ts', '../model-check.js'],
    ['routes/x.ts', '../plugins/cors.js'], ['routes/x.ts', '../workers/onnx-session.js'], ['routes/x.ts', '../scaffold/project.js'], ['routes/x.ts', 'piscina'],
    ['workers/x.ts', '../app.js'], ['workers/onnx-graph/x.ts', '../../server.js'], ['workers/x.ts', '../config.js'], ['workers/x.ts', '../plugins/models/model.js'], ['workers/x.ts', 'fastify'],
    ['plugins/x.ts', '../app.js'], ['plugins/models/store/x.ts', '../../../server.js'], ['plugins/x.ts', '../routes/v1.js'], ['plugins/x.ts', '../workers/onnx-session.js'], ['plugins/x.ts', '../scaffold/project.js'],
    ['codecs/oip/x.ts', '../../config.js'], ['codecs/x.ts', '../app.js'], ['codecs/x.ts', '../plugins/cors.js'], ['schemas/x.ts', '../config.js'], ['schemas/x.ts', 'fastify'],
    ['app.ts', './server.js'], ['app.ts', './workers/onnx-session.js'], ['config.ts', './errors.js'], ['errors.ts', './plugins/cors.js']
  ] as const) t.same(await complaints(filePath, `import '${path}'`), ['no-restricted-imports'], `${filePath} imports ${path}`)
  for (const [filePath, line] of [
    ['routes/x.ts', "import '../errors.js'"], ['routes/x.ts', "import '../codecs/json.js'"], ['routes/x.ts', "import '../version.js'"], ['routes/x.ts', "import type { Config } from '../config.js'"],
    ['plugins/x.ts', "import '../config.js'"], ['plugins/grpc/x.ts', "import './server.js'"], ['plugins/models/x.ts', "import '../grpc/server.js'"], ['workers/x.ts', "import '../codecs/tensor.js'"],
    ['server.ts', "import './app.js'"], ['app.ts', "import './plugins/cors.js'"]
  ] as const) t.same(await complaints(filePath, line), [], `${filePath}: ${line}`)
})

t.test('what runs while requests are served makes no synchronous call', async (t) => {
  for (const filePath of ['routes/x.ts', 'routes/home/x.ts', 'plugins/models/store/x.ts', 'codecs/x.ts', 'workers/x.ts', 'app.ts', 'server.ts', 'log-output.ts']) {
    for (const line of ["readFileSync('x')", "fs.readFileSync('x')", "process.getBuiltinModule('node:fs').statSync('x')", "execFileSync('x')", 'gzipSync(body)']) {
      t.same(await complaints(filePath, line), ['no-restricted-syntax'], `${filePath}: ${line}`)
    }
    t.same(await complaints(filePath, "await readFile('x')"), [])
  }
  for (const filePath of ['config.ts', 'check.ts']) t.same(await complaints(filePath, "readFileSync('x')"), [], filePath)
})
