import neostandard from 'neostandard'

const wall = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] }
})

const native = { group: ['onnxruntime-node', 'onnxruntime-common', 'piscina'], message: 'Only workers/onnx-session.ts imports ONNX Runtime and only plugins/inference/pool.ts imports Piscina.' }
const fastify = { group: ['fastify', 'fastify-plugin', '@fastify/*', '!@fastify/error'], message: 'This layer does not know Fastify.' }
const message = 'Imports point down: server, app, plugins and routes, codecs, schemas and errors.'
const upward = (...folders) => ({ group: folders.map((folder) => `**/${folder}/**`), allowTypeImports: true, message })
/** Files of the top folder; their types may be known everywhere. */
const top = (...files) => ({ regex: `^(\\.\\./)+(${files.join('|')})\\.js$`, allowTypeImports: true, message })
const commands = ['app', 'server', 'check', 'compare', 'init', 'model-check', 'model-comparison', 'comparison-rows', 'log-output', 'node-version']

export default [
  ...neostandard({ ts: true, ignores: ['dist', 'dist.*', 'coverage', '.tap', 'tap-snapshots', 'test/fixtures'] }),
  { files: ['routes/home/*.js'], languageOptions: { globals: Object.fromEntries(['HTMLElement', 'HTMLButtonElement', 'HTMLFormElement', 'HTMLInputElement', 'HTMLSelectElement', 'HTMLTextAreaElement'].map((name) => [name, 'readonly'])) } },
  wall(['routes/**/*.ts'], [native, upward('plugins', 'workers', 'scaffold'), top(...commands, 'config')]),
  wall(['schemas/**/*.ts', 'codecs/**/*.ts'], [native, fastify, upward('plugins', 'routes', 'workers', 'scaffold'), top(...commands, 'config')]),
  wall(['workers/**/*.ts'], [{ group: ['piscina'], message: 'Workers do not know Piscina.' }, fastify, upward('plugins', 'routes', 'scaffold'), top(...commands, 'config')]),
  wall(['plugins/**/*.ts'], [native, upward('routes', 'scaffold'), top(...commands), { group: ['**/workers/**'], allowTypeImports: true, message: 'Plugins know the worker contract as types only.' }]),
  wall(['config.ts', 'errors.ts'], [native, { group: ['./**', '../**'], message: 'Everything lies above of this file.' }]),
  wall(['app.ts'], [native, upward('workers', 'scaffold'), { group: commands.map((name) => `./${name}.js`), message }]),
  { files: ['plugins/inference/pool.ts', 'workers/onnx-session.ts'], rules: { 'no-restricted-imports': 'off' } },
  // Settings and version are read before anybody is served, and the commands serve nobody. (n/no-sync wants types to lint with.)
  {
    files: ['{routes,plugins,codecs,schemas,workers}/**/*.ts', 'app.ts', 'server.ts', 'errors.ts', 'log-output.ts'],
    rules: { 'no-restricted-syntax': ['error', { selector: 'CallExpression:matches([callee.name=/Sync$/], [callee.property.name=/Sync$/])', message: 'What runs while requests are served waits for no file and no process.' }] }
  }
]
