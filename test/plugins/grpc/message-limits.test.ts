import t from 'tap'
import { checkMessage } from '../../../plugins/grpc/message-limits.js'
import { inferenceService } from './client.js'

/** A request with one column of 20 rows for each input, raw, as a client writes it. */
function columns (inputs: number): Buffer {
  return inferenceService.ModelInfer?.requestSerialize({
    model_name: 'wide',
    inputs: Array.from({ length: inputs }, (_, index) => ({ name: `column_${index}`, datatype: 'FP32', shape: [20, 1] })),
    raw_input_contents: Array.from({ length: inputs }, () => Buffer.alloc(80))
  }) ?? Buffer.alloc(0)
}

t.test('a message may have as many parts as the inputs of the widest model want, and no more', (t) => {
  const check = (inputs: number, most: number) => () => checkMessage('ModelInfer', columns(inputs), () => most)
  t.doesNotThrow(check(550, 4))
  t.throws(check(1000, 4), { name: 'OipError', message: 'a request has at most 4096 inputs, outputs, parameters and dimensions' })
  t.doesNotThrow(check(1000, 1000))
  t.doesNotThrow(check(5000, 5000))
  t.throws(check(5000, 1000), { name: 'OipError', message: 'a request has at most 16000 inputs, outputs, parameters and dimensions' })
  t.end()
})

t.test('the widest model is looked for only where that matters', (t) => {
  t.doesNotThrow(() => checkMessage('ModelInfer', columns(550), () => { throw new Error('looked') }))
  t.throws(() => checkMessage('ModelInfer', columns(1000), () => { throw new Error('looked') }), { message: 'looked' })
  t.end()
})

t.test('other methods take 64 KiB', (t) => {
  t.doesNotThrow(() => checkMessage('ModelReady', Buffer.alloc(65_536), () => 0))
  t.throws(() => checkMessage('ModelReady', Buffer.alloc(65_537), () => 1e6), { name: 'OipError', message: 'a ModelReady request has at most 65536 bytes' })
  t.end()
})
