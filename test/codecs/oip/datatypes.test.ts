import t from 'tap'
import { configDatatype, elementBytes, isOipDatatype, oipDatatype, oipDatatypes } from '../../../codecs/oip/datatypes.js'
import { arrayTypes } from '../../../codecs/tensor.js'
import { dataTypes } from './generator.js'

t.test('every data type has a name on the wire that leads back to it', async (t) => {
  for (const type of dataTypes) t.equal(oipDatatypes[oipDatatype(type)].type, type)
  t.equal(oipDatatype('float32'), 'FP32')
  t.equal(oipDatatype('string'), 'BYTES')
})

t.test('the bytes of an element are those of its array', async (t) => {
  for (const type of dataTypes) t.equal(elementBytes(type), type === 'string' ? 0 : arrayTypes[type].BYTES_PER_ELEMENT)
})

t.test('the model configuration has its own names', async (t) => {
  t.equal(configDatatype('float32'), 'TYPE_FP32')
  t.equal(configDatatype('string'), 'TYPE_STRING')
  t.equal(configDatatype('bool'), 'TYPE_BOOL')
})

t.test('only names of the protocol are datatypes', async (t) => {
  t.ok(isOipDatatype('BF16'))
  for (const name of ['', 'fp32', 'FP31', 'toString', '__proto__', 'STRING']) t.notOk(isOipDatatype(name), name)
})
