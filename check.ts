import { checkModel } from './model-check.js'

const [model] = process.argv.slice(2)

try {
  if (model === undefined) throw new Error('name a model of the store, or an .onnx file: npm run check -- iris')
  process.stdout.write(`ok: ${await checkModel(model)}\n`)
} catch (error) {
  process.stderr.write(`not ok: ${(error as Error).message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
  process.exitCode = 1
}
