import t from 'tap'
import { fromFloat16Bits, toFloat16Bits } from '../../codecs/float16.js'

t.test('Numbers round to the half-precision bits that numpy gives', async (t) => {
  const expected: [number, number][] = [
    [0, 0], [-0, 0x8000], [1, 0x3c00], [0.1, 0x2e66], [-2.5, 0xc100], [65504, 0x7bff], [65519.99, 0x7bff], [65520, 0x7c00], [-Infinity, 0xfc00], [1e-8, 0],
    [5.960464477539063e-08, 1], [2.98e-08, 0], [6.1e-05, 0x3ff], [2048.5, 0x6800], [2049, 0x6800], [2051, 0x6802], [0.333333, 0x3555], [NaN, 0x7e00]
  ]
  for (const [value, bits] of expected) t.equal(toFloat16Bits(value), bits, String(value))
})

t.test('Every bit pattern but those of NaN comes back', async (t) => {
  let wrong = 0
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16Bits(bits)
    if (Number.isNaN(value) ? (bits & 0x7fff) <= 0x7c00 : toFloat16Bits(value) !== bits) wrong++
  }
  t.equal(wrong, 0)
})
