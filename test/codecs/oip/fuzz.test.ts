import t from 'tap'
import { OipError } from '../../../codecs/oip/error.js'
import { decodeInferRequest } from '../../../codecs/oip/request.js'
import { encodeInferResponse } from '../../oip.js'
import { elementCount } from '../../../codecs/tensor.js'
import { Generator, modelOf } from './generator.js'

const digits = Buffer.from('0123456789-.eE[]{},:"\\ntN')

function damage (random: Generator, body: Buffer): Buffer {
  const bytes = Buffer.from(body)
  for (let count = 1 + random.below(4); count > 0 && bytes.byteLength > 0; count--) {
    const at = random.below(bytes.byteLength)
    bytes[at] = random.below(2) === 0 ? random.pick([...digits]) : (bytes[at] ?? 0) ^ (1 << random.below(8))
  }
  return random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.byteLength + 1)) : bytes
}

t.test('a damaged request is either understood or refused, never anything else', async (t) => {
  const random = new Generator(5)
  const outcomes = { understood: 0, refused: 0 }
  for (let round = 0; round < 12000; round++) {
    const tensors = Array.from({ length: 1 + random.below(3) }, (_, index) => random.tensor(`t${index}`))
    const model = modelOf(tensors, tensors.filter(({ type }) => type !== 'float16'))
    const { body, headerLength } = encodeInferResponse({ modelName: 'm', modelVersion: '1', id: 'a', outputs: tensors, requested: tensors.map(({ name, type }) => ({ name, binary: type === 'float16' || random.below(2) === 0 })) })
    const text = Buffer.from(body.toString('latin1').replace(',"outputs":[', ',"inputs":['), 'latin1')
    const header = headerLength === undefined ? undefined : String(headerLength - 1 + (random.below(8) === 0 ? random.below(5) - 2 : 0))
    try {
      const { inputs } = decodeInferRequest(damage(random, text), header, model)
      const isSound = inputs.length === model.inputs.length && inputs.every(({ name, type, dims, data }, index) =>
        name === model.inputs[index]?.name && type === model.inputs[index]?.type && data.length === elementCount(dims))
      if (!isSound) t.fail(`round ${round} gave an unsound tensor`)
      outcomes.understood++
    } catch (error) {
      const isProper = error instanceof OipError && error.statusCode === 400 && error.message.isWellFormed() && Buffer.byteLength(error.message) <= 2048
      if (!isProper) t.fail(`round ${round} threw ${String(error)}`)
      outcomes.refused++
    }
  }
  t.ok(outcomes.understood > 100, `${outcomes.understood} understood`)
  t.ok(outcomes.refused > 1000, `${outcomes.refused} refused`)
})
