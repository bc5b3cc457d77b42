/** Counts of observations by upper bound; cheap enough for every request. */
export class Histogram {
  /** Upper bounds in ascending order; what exceeds the last is counted in `count` only. */
  readonly bounds: readonly number[]
  /** By the same positions; not cumulative. */
  readonly counts: Float64Array
  count = 0
  sum = 0

  constructor (bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe (value: number): void {
    const { bounds, counts } = this
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value <= (bounds[middle] ?? Infinity)) high = middle
      else low = middle + 1
    }
    counts[low] = (counts[low] ?? 0) + 1
    this.count++
    this.sum += value
  }
}
