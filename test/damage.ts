/** A copy that is cut at random in three cases of ten, and has one to four of its bits turned over. */
export function damage (bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes.subarray(0, random() < 0.3 ? Math.floor(random() * bytes.byteLength) : bytes.byteLength))
  if (copy.byteLength === 0) return copy
  for (let flips = Math.floor(random() * 4); flips >= 0; flips--) {
    const at = Math.floor(random() * copy.byteLength)
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  }
  return copy
}

/** Mulberry32, so that a failure can be repeated. */
export function seeded (state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
