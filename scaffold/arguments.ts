import { parseArgs } from 'node:util'

/** What a project is made of, as far as the person who wants it has said. */
export interface ProjectRequest {
  /** Folder that is to hold the project. */
  target?: string
  /** An .onnx file or a version folder; absent: the iris example. */
  model?: string
  port?: number
  /** Features as JSON, in the order of the model's columns. */
  inputSchema?: string
  help?: boolean
}

export const defaultPort = 8080

export const usage = `npm run init -- FOLDER [--model PATH.onnx] [--port N] [--input-schema '{"age":"int","income":"float"}']

  FOLDER           new or empty; it becomes a project that serves the model
  --model          the file to serve (default: the iris example)
  --port           HTTP port (default: ${defaultPort}); gRPC gets the next one
  --input-schema   names of the columns, where the file tells none: int, float, str or bool by name
`

const options = { model: { type: 'string' }, port: { type: 'string' }, 'input-schema': { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const

/** Reads the words behind `npm run init --`. Throws an Error with one line that says which of them cannot be used. */
export function readArguments (words: string[]): ProjectRequest {
  checkOptions(words)
  const { values, positionals: [target, ...others] } = parseArgs({ args: words, allowPositionals: true, options })
  if (others.length > 0) throw new Error(`one folder is enough, there is also ${others.join(', ')}; npm keeps flags for itself unless they stand behind --: npm run init -- FOLDER --model PATH.onnx`)
  const { model, port, 'input-schema': inputSchema, help } = values
  return {
    ...(target !== undefined && { target }),
    ...(model !== undefined && { model }),
    ...(port !== undefined && { port: readPort(port) }),
    ...(inputSchema !== undefined && { inputSchema }),
    ...(help !== undefined && { help })
  }
}

/** What Node would say of these speaks to whoever wrote the options. */
function checkOptions (words: string[]): void {
  const { tokens } = parseArgs({ args: words, allowPositionals: true, options, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.entries(options).find(([known]) => known === name)?.[1]
    if (option === undefined) throw new Error(`there is no option ${rawName}; there are --model, --port, --input-schema`)
    if (option.type === 'string' && (value === undefined || (inlineValue !== true && value.startsWith('-')))) throw new Error(`${rawName} needs a value`)
    if (option.type === 'boolean' && value !== undefined) throw new Error(`${rawName} takes no value`)
  }
}

/** Throws an Error when the text is no port that a server can be given. */
export function readPort (text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) throw new Error(`--port must be a whole number from 1 to 65535, got ${JSON.stringify(text)}`)
  return port
}
