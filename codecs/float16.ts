const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/** The IEEE 754 half-precision bits nearest to a number, ties to even; beyond 65519.99 it is infinity. */
export function toFloat16Bits (value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  double[0] = value
  const high = words[1] ?? 0
  const sign = (high >>> 16) & 0x8000
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return sign | 0x7c00
  // Rounding up may carry into the exponent, which is the next representable number.
  if (magnitude < 2 ** -14) return sign | roundHalfToEven(magnitude * 2 ** 24)
  const exponent = ((high >>> 20) & 0x7ff) - 1023
  return sign | (((exponent + 15) << 10) + roundHalfToEven((magnitude / 2 ** exponent - 1) * 1024))
}

/** The number that half-precision bits stand for. */
export function fromFloat16Bits (bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function roundHalfToEven (value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
