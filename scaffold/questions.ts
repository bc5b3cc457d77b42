import { createInterface } from 'node:readline/promises'
import { defaultPort, readPort, type ProjectRequest } from './arguments.js'

export type Ask = (question: string) => Promise<string>

/** Asks for what was not said on the command line; an empty answer takes the default. */
export async function complete (given: ProjectRequest, ask: Ask): Promise<ProjectRequest> {
  const request = { ...given }
  request.target ??= await ask('Folder of the project, new or empty: ')
  const model = request.model ?? await ask('Model, an .onnx file (Enter: the iris example): ')
  if (model !== '') request.model = model
  request.port ??= readPort(await ask(`Port (Enter: ${defaultPort}): `) || String(defaultPort))
  if (request.model === undefined) return request
  const schema = request.inputSchema ?? await ask('Names of its columns, such as {"age":"int","income":"float"} (Enter: as the file says): ')
  if (schema !== '') request.inputSchema = schema
  return request
}

/** Calls `use` with a way to ask whoever sits at the terminal. Rejects when they leave instead of answering. */
export async function withTerminal<T> (use: (ask: Ask) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const { promise: left, reject } = Promise.withResolvers<never>()
  terminal.once('close', () => reject(new Error('nothing was created')))
  left.catch(() => {})
  try {
    return await use(async (question) => (await Promise.race([terminal.question(question), left])).trim())
  } finally {
    terminal.close()
  }
}
