const safe = BigInt(Number.MAX_SAFE_INTEGER)

const ranges = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n]
} as const

/** A 64-bit integer as JSON can carry it without loss: a number, or beyond 2^53 a decimal string. */
export function toJsonInteger (value: bigint): number | string {
  return value >= -safe && value <= safe ? Number(value) : value.toString()
}

/** Whether a decimal string is an integer of the type that a JSON number would have rounded. */
export function isLongInteger (text: string, type: 'int64' | 'uint64'): boolean {
  if (!/^-?[1-9][0-9]{15,19}$/.test(text)) return false
  const value = BigInt(text)
  const [lowest, highest] = ranges[type]
  return value >= lowest && value <= highest && (value < -safe || value > safe)
}
