import { join, relative, resolve } from 'node:path'
import { defaultPort, readArguments, usage } from './scaffold/arguments.js'
import { createProject } from './scaffold/project.js'
import { complete, withTerminal } from './scaffold/questions.js'
import { quotePath } from './scaffold/shell.js'

const server = join(import.meta.dirname, '..')
// npm changes into the package's folder; paths are meant as seen from where the command was typed.
const place = process.env.INIT_CWD ?? process.cwd()

try {
  const given = readArguments(process.argv.slice(2))
  if (given.help === true) process.stdout.write(usage)
  else await init(given)
} catch (error) {
  process.stderr.write(`not ok: ${toFlags((error as Error).message.replaceAll(/\s*\n\s*/g, ' '))}\n`)
  process.exitCode = 1
}

async function init (given: ReturnType<typeof readArguments>): Promise<void> {
  const asks = process.stdin.isTTY && (given.target === undefined || given.model === undefined)
  const { target = '', model, port = defaultPort, inputSchema } = asks ? await withTerminal(async (ask) => await complete(given, ask)) : given
  if (target === '') throw new Error('name a folder for the project: npm run init -- my-service --model PATH.onnx')
  const path = model === undefined ? join(server, 'model-store/iris') : resolve(place, model)
  const folder = resolve(place, target)
  const project = await createProject({ server, target: folder, model: path, port, ...(inputSchema !== undefined && { inputSchema }) })
  process.stdout.write(`ok: ${project.model.report}\nnext: cd ${quotePath(relative(place, folder) || '.')} && npm start\n`)
}

/** The store speaks of settings; here they are flags. */
function toFlags (message: string): string {
  return message.replace(/^MODEL_PATH\b/, '--model').replace(/\bINPUT_SCHEMA\b/, '--input-schema')
}
