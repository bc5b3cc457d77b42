import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { addModel, build, zooPath, type Ingredients } from '../../helper.js'

interface Fault {
  made: Ingredients
  /** Done to the model's folder afterwards. */
  then?: (folder: string) => Promise<unknown>
  reason: string | RegExp
}

/** Takes one number, adds 20, and fails on 13. */
const one = 'fails-on-13'
const feature = { name: 'x', type: 'numeric' }

function metadata (content: unknown): Ingredients {
  return { zoo: one, files: { 'metadata.json': content } }
}

const faults: Record<string, Fault> = {
  // The graph.
  broken: { made: { zoo: 'broken/text' }, reason: 'broken/1/model.onnx: is not an ONNX file (it begins with "This is a text f")' },
  pickle: { made: { zoo: 'broken/pickle' }, reason: /^pickle\/1\/model\.onnx: is not an ONNX file: it is a Python pickle/ },
  truncated: { made: { zoo: one }, then: (folder) => truncate(join(folder, '1/model.onnx'), 100), reason: 'truncated/1/model.onnx: the file is truncated: it ends after 100 bytes' },
  hollow: { made: { zoo: one }, then: (folder) => truncate(join(folder, '1/model.onnx'), 0), reason: 'hollow/1/model.onnx: is empty (0 bytes)' },
  operator: { made: { zoo: 'broken/unknown-operator' }, reason: /^operator\/1\/model\.onnx: Load model from model\.onnx failed: ?.*Wizardry/ },
  type: { made: { zoo: 'broken/bfloat16' }, reason: "type/1/model.onnx: input 'x' has element type 16, which cannot be served" },
  renamed: { made: { zoo: one }, then: async (folder) => { await cp(join(folder, '1/model.onnx'), join(folder, '1/net.onnx')); await rm(join(folder, '1/model.onnx')) }, reason: 'renamed/1/net.onnx: is not read, the model of a version is called model.onnx; rename it' },
  missing: { made: {}, reason: 'missing/1/model.onnx: is missing; a version folder holds model.onnx and, if wanted, metadata.json, background.json, tests.json' },
  foreign: { made: { files: { 'model.pkl': 'x' } }, reason: 'foreign/1/model.pkl: is not an ONNX file and is never opened; docs/exporting.md shows how to export it' },
  leaves: { made: {}, then: (folder) => symlink('/etc/hostname', join(folder, '1/model.onnx')), reason: 'leaves/1/model.onnx: resolves outside the store, which is not allowed' },
  dangling: { made: {}, then: (folder) => symlink('nowhere', join(folder, '1/model.onnx')), reason: 'dangling/1/model.onnx: it does not exist, or is a symbolic link to nothing' },
  loose: { made: {}, then: async (folder) => { await rm(join(folder, '1'), { recursive: true }); await cp(zooPath(one), join(folder, 'model.onnx')) }, reason: 'loose/model.onnx: is in no version folder; move it to loose/1/model.onnx' },
  bare: { made: {}, then: (folder) => rm(join(folder, '1'), { recursive: true }), reason: 'bare/1/model.onnx: is missing, there is no version folder' },
  // Its external data.
  'external-missing': { made: { zoo: 'external-data' }, then: (folder) => rm(join(folder, '1/weights.bin')), reason: "external-missing/1/model.onnx: external data 'weights.bin' cannot be read" },
  'external-escape': { made: { zoo: 'broken/external-escape' }, reason: "external-escape/1/model.onnx: external data '../escape.bin' leaves the model's folder" },
  'external-absolute': { made: { zoo: 'broken/external-absolute' }, reason: /^external-absolute\/1\/model\.onnx: external data '.*' leaves the model's folder$/ },
  'external-short': { made: { zoo: 'external-data' }, then: (folder) => truncate(join(folder, '1/weights.bin'), 1), reason: /^external-short\/1\/model\.onnx: .*external/i },
  // Its documents.
  'bad-json': { made: metadata('{"schema": 1,'), reason: 'bad-json/1/metadata.json: is not valid JSON at line 1, column 14: it ends too early' },
  'bad-type': { made: metadata({ features: [{ name: 'x', type: 'number?' }] }), reason: 'bad-type/1/metadata.json: features[0].type (of "x") must be one of "numeric", "integer", "boolean", "string", "category", "vector", got "number?"' },
  'other-type': { made: metadata({ features: [{ name: 'x', type: 'string' }] }), reason: "other-type/1/metadata.json: features[0].type: 'x' is string, but the input 'x' holds float32" },
  'too-many-features': { made: metadata({ features: [feature, { ...feature, name: 'y' }] }), reason: "too-many-features/1/metadata.json: features: the features fill 2 columns, but the input 'x' has 1" },
  'unknown-output': { made: metadata({ outputs: { value: 'z' } }), reason: "unknown-output/1/metadata.json: outputs.value: the model has no output 'z'; its outputs are y" },
  'unknown-input': { made: metadata({ input: 'z' }), reason: "unknown-input/1/metadata.json: input: the model has no input 'z'; its inputs are x" },
  'bad-task': { made: metadata({ task: 'MULTICLASS_CLASSIFICATION' }), reason: /^bad-task\/1\/metadata\.json: task: nothing tells which output holds the classes/ },
  'bad-rule': { made: metadata({ features: [feature], rules: [{ message: 'm', logic: { foo: [] } }] }), reason: 'bad-rule/1/metadata.json: rules[0].logic: unrecognized operation foo' },
  'bad-background': { made: { zoo: one, files: { 'background.json': { columns: ['x'], rows: [[1, 2]] } } }, reason: 'bad-background/1/background.json: rows[0] has 2 values, columns has 1 names' },
  'bad-tests': { made: { zoo: one, files: { 'tests.json': { cases: [{ input: [1] }] } } }, reason: 'bad-tests/1/tests.json: cases[0].expect is missing' },
  'failed-tests': { made: { zoo: one, files: { 'tests.json': { cases: [{ input: [1], expect: { prediction: 21 } }, { input: [2], expect: { prediction: 23 } }] } } }, reason: 'failed-tests/1/tests.json: cases[1].expect.prediction: expected 23, got 22' },
  // How it is served.
  'config-json': { made: { zoo: one }, then: (folder) => writeFile(join(folder, 'model.json'), '{'), reason: 'config-json/model.json: is not valid JSON at line 1, column 2: it ends too early' },
  'config-key': { made: { zoo: one, config: { batchign: {} } }, reason: /^config-key\/model\.json: batchign is not a known key; known are versions, / },
  'config-value': { made: { zoo: one, config: { queue: { max_rows: 0 } } }, reason: 'config-value/model.json: queue.max_rows must be an integer >= 1, got 0' },
  'config-versions': { made: { zoo: one, config: { versions: ['7'] } }, reason: 'config-versions/model.json: versions asks for 7, but there is only 1' },
  'config-provider': { made: { zoo: one, config: { session: { executionProviders: ['coreml'] } } }, reason: /^config-provider\/1\/model\.onnx: .*coreml/i }
}

const store = t.testdir()
for (const [name, { made, then }] of Object.entries(faults)) {
  await addModel(store, name, made)
  await then?.(join(store, name))
}
await writeFile(join(store, 'short.onnx'), (await readFile(zooPath(one))).subarray(0, 100))
await writeFile(join(store, 'escape.bin'), '')
await mkdir(join(store, 'bad name'))
const app = await build(t, { MODEL_STORE: store, WORKERS: '1' })

t.test('a reason begins with the file that is wrong and names the field', async (t) => {
  for (const [name, { reason }] of Object.entries(faults)) {
    const { reason: whole, versions } = app.models.describe(app.models.entry(name))
    const found = whole || versions[0]?.reason
    if (typeof reason === 'string') t.equal(found, reason)
    else t.match(found, reason)
    t.notMatch(found, store, `${name}: no path of the machine is shown`)
    t.notMatch(found, /\n/, `${name}: one line`)
  }
  t.match(app.models.describe(app.models.entry('short')).versions[0]?.reason, 'short.onnx: the file is truncated: it ends after 100 bytes')
  t.match(app.models.refused, [{ entry: 'bad name', error: { message: /^bad name: a model name must match/ } }])
})

t.test('what is odd but served is shown where the model is', async (t) => {
  const extra = { taks: 'OTHER', target_names: ['y'], task: 'OTHER', features: [{ ...feature, defalt: 1 }] }
  const odd = t.testdir({ odd: { v2: {} } })
  await addModel(odd, 'odd', { zoo: one, files: { 'metadata.json': extra, 'test.json': '{' }, config: { labels: { stable: '5' } } })
  await addModel(odd, 'broken', { zoo: 'broken/text', files: { 'metadata.json': { taks: 'OTHER' } } })
  await addModel(odd, 'fine', { zoo: one })
  const app = await build(t, { WORKERS: '1', MODEL_STORE: odd })
  const { models } = (await app.inject('/models')).json()
  t.match(models, [
    { name: 'broken', warnings: [], versions: [{ state: 'UNAVAILABLE', warnings: ['broken/1/metadata.json: taks is not a known key and is ignored'] }] },
    { name: 'fine', warnings: [], versions: [{ state: 'READY', reason: '', warnings: [] }] },
    {
      name: 'odd',
      warnings: ['odd/v2: is ignored, a version folder is named by a positive number without leading zeros', 'odd/model.json: labels.stable names version 5, which does not exist; it is ignored'],
      versions: [{
        state: 'READY',
        reason: '',
        warnings: [
          'odd/1/metadata.json: taks is not a known key and is ignored',
          'odd/1/metadata.json: features[0].defalt is not a known key and is ignored',
          'odd/1/test.json: is not read; the files of a version are metadata.json, background.json, tests.json',
          'odd/1/metadata.json: target_names: not used, since the task is OTHER'
        ]
      }]
    }
  ])
  t.same(models.map(({ warnings }: { warnings: string[] }) => warnings.length), [0, 0, 2])
})
