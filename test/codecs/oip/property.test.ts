import t from 'tap'
import { encodeRaw } from '../../../codecs/oip/binary.js'
import { decodeInferRequest } from '../../../codecs/oip/request.js'
import { encodeInferResponse } from '../../oip.js'
import type { Tensor } from '../../../codecs/tensor.js'
import { Generator, modelOf } from './generator.js'

// The tensors of an answer have the form of a request's, so that one can be sent back as the other.
function request (outputs: Tensor[], requested: { name: string, binary: boolean }[]): [Buffer, string | undefined] {
  const { body, headerLength } = encodeInferResponse({ modelName: 'm', modelVersion: '1', outputs, requested })
  const head = body.subarray(0, headerLength)
  const renamed = Buffer.from(head.toString().replace(',"outputs":[', ',"inputs":['))
  return [Buffer.concat([renamed, body.subarray(head.byteLength)]), headerLength === undefined ? undefined : String(renamed.byteLength)]
}

/** JSON knows one NaN and no infinity. */
function asJson ({ data }: Tensor): Tensor['data'] {
  const isFloat = data instanceof Float32Array || data instanceof Float64Array
  return isFloat ? data.map((value) => Number.isFinite(value) ? value : NaN) : data
}

function same (a: Tensor['data'], b: Tensor['data']): boolean {
  if (a.length !== b.length || a.constructor !== b.constructor) return false
  if (a instanceof Float32Array || a instanceof Float64Array) return a.every((value, index) => Object.is(value, b[index]))
  return encodeRaw({ data: a }).equals(encodeRaw({ data: b }))
}

t.test('random requests of JSON and binary tensors come back as they were', async (t) => {
  const random = new Generator(3)
  const rounds = 4000
  let passed = 0
  for (let round = 0; round < rounds; round++) {
    const tensors = Array.from({ length: 1 + random.below(4) }, (_, index) => random.tensor(`t${index}`))
    const requested = tensors.map(({ name, type }) => ({ name, binary: type === 'float16' || random.below(2) === 0 })).sort(() => random.next() - 0.5)
    const [body, header] = request(tensors, requested)
    const decoded = decodeInferRequest(body, header, modelOf(tensors))
    const isSame = tensors.every((tensor, index) => {
      const got = decoded.inputs[index]
      const binary = requested.some(({ name, binary }) => name === tensor.name && binary)
      return got?.name === tensor.name && got.type === tensor.type && got.dims.join() === tensor.dims.join() &&
        same(got.data, binary ? tensor.data : asJson(tensor))
    })
    if (isSame) passed++
    else t.fail(`round ${round}: ${body.toString('latin1').slice(0, 300)}`)
  }
  t.equal(passed, rounds)
})

t.test('flat and nested data of random shapes decode to the same tensor', async (t) => {
  const random = new Generator(4)
  const nest = (values: unknown[], dims: number[]): unknown[] => {
    const [first, ...rest] = dims
    if (first === undefined || rest.length === 0) return values
    const size = values.length / first
    return Array.from({ length: first }, (_, index) => nest(values.slice(index * size, (index + 1) * size), rest))
  }
  let passed = 0
  for (let round = 0; round < 1000; round++) {
    const dims = Array.from({ length: 1 + random.below(4) }, () => 1 + random.below(4))
    const tensor = random.tensor('x', 'int32', dims)
    const values = Array.from(tensor.data, Number)
    const [flat, nested] = [values, nest(values, dims)].map((data) => {
      const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'INT32', shape: dims, data }] })
      return decodeInferRequest(Buffer.from(body), undefined, modelOf([tensor]))
    })
    if (JSON.stringify(flat) === JSON.stringify(nested) && same(tensor.data, nested?.inputs[0]?.data ?? [])) passed++
  }
  t.equal(passed, 1000)
})
