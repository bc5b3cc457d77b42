import neostandard from 'neostandard'

const wall = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] }
})

const native = { group: ['onnxruntime-node', 'onnxruntime-common', 'piscina'], message: 'Only workers/onnx-session.ts imports ONNX Runtime and only plugins/inference/pool.ts imports Piscina.' }
const fastify = { group: ['fastify', 'fastify-plugin', '@fastify/*', '!@fastify/error'], message: 'This layer does not know Fastify.' }
const upward = (...folders) => ({ group: folders.map((folder) => `**/${folder}/**`), allowTypeImports: true, message: 'Imports point down: server, app, plugins and routes, codecs, schemas and errors.' })

export default [
  ...neostandard({ ts: true, ignores: ['dist', 'dist.*', 'coverage', '.tap', 'tap-snapshots', 'test/fixtures'] }),
  { files: ['routes/home/*.js'], languageOptions: { globals: Object.fromEntries(['HTMLElement', 'HTMLButtonElement', 'HTMLFormElement', 'HTMLInputElement', 'HTMLSelectElement', 'HTMLTextAreaElement'].map((name) => [name, 'readonly'])) } },
  wall(['routes/**/*.ts'], [native, upward('plugins', 'workers')]),
  wall(['schemas/**/*.ts', 'codecs/**/*.ts'], [native, fastify, upward('plugins', 'routes', 'workers')]),
  wall(['workers/**/*.ts'], [{ group: ['piscina'], message: 'Workers do not know Piscina.' }, fastify, upward('plugins', 'routes')]),
  wall(['plugins/**/*.ts'], [native, upward('routes'), { group: ['**/workers/**'], allowTypeImports: true, message: 'Plugins know the worker contract as types only.' }]),
  { files: ['plugins/inference/pool.ts', 'workers/onnx-session.ts'], rules: { 'no-restricted-imports': 'off' } }
]
