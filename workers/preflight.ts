import { allocate, elementCount } from '../codecs/tensor.js'
import type { ModelRef } from './contract.js'
import { OnnxSession } from './onnx-session.js'

// A process of its own: a native crash while a model is opened or first run ends this process and not the server.
const model = JSON.parse(process.argv[2] ?? '{}') as ModelRef

try {
  const session = await OnnxSession.open(model)
  const inputs = session.description.inputs.map((spec) => {
    const dims = spec.dims.map((dim) => dim < 0 ? 1 : dim)
    return { ...spec, dims, data: allocate(spec.type, elementCount(dims)) }
  })
  // Zeros need not be valid input: only a crash counts.
  await session.run(inputs).catch(() => {})
} catch (error) {
  process.stderr.write((error as Error).message)
  process.exitCode = 1
}
