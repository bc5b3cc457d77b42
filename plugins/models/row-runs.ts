// Enough for every thread, and few enough to leave room in a queue for others.
const windowRows = 32

/**
 * Runs the rows of one request one by one, a window of them at a time: all at once they would not fit into a queue of
 * `queueRows` rows. Resolves with the results in the order of the rows; after a rejection no further window begins.
 */
export async function runRows<T> (rows: number, queueRows: number, run: (row: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  const size = Math.min(windowRows, queueRows)
  for (let start = 0; start < rows; start += size) {
    const length = Math.min(size, rows - start)
    results.push(...await Promise.all(Array.from({ length }, (_, index) => run(start + index))))
  }
  return results
}
