import t from 'tap'
import { readArguments } from '../../scaffold/arguments.js'

t.test('flags say what the project is made of', async (t) => {
  t.same(readArguments(['here']), { target: 'here' })
  t.same(readArguments([]), {})
  t.same(readArguments(['--help']), { help: true })
  t.same(readArguments(['--model=a.onnx', '--port', '9000', 'here', '--input-schema', '{"a":"int"}']), { target: 'here', model: 'a.onnx', port: 9000, inputSchema: '{"a":"int"}' })
})

t.test('a flag that cannot be used is told in one line', async (t) => {
  for (const port of ['0', '65536', '80.5', '-1', 'web', '', '1e3', ' 80']) t.throws(() => readArguments(['here', `--port=${port}`]), { message: `--port must be a whole number from 1 to 65535, got "${port}"` })
  for (const flag of ['--modl', '--modl=x', '-x']) t.throws(() => readArguments(['here', flag, 'x']), { message: `there is no option ${flag.slice(0, 6)}; there are --model, --port, --input-schema` })
  t.throws(() => readArguments(['here', '--model']), { message: '--model needs a value' })
  t.throws(() => readArguments(['here', '--model', '--port', '1']), { message: '--model needs a value' })
  t.throws(() => readArguments(['here', '--help=x']), { message: '--help takes no value' })
  t.throws(() => readArguments(['here', 'a.onnx', '9000']), { message: /^one folder is enough, there is also a\.onnx, 9000; .* behind --: npm run init -- FOLDER/ })
})
