/**
 * The one of these media types that an Accept header likes best; undefined where it takes none of them. Of equal ones the one counts that the
 * header names more exactly, then the one that it names first, then the one that stands first here. Parameters but `q` are not looked at.
 */
export function chooseType<T extends string> (accept: string | undefined, types: readonly [T, ...T[]]): T | undefined {
  if (accept === undefined || accept.trim() === '') return types[0]
  const ranges = accept.split(',').map(parseRange)
  let best: { type: T, range: MediaRange } | undefined
  for (const type of types) {
    const range = findRange(ranges, type)
    if (range !== undefined && range.quality > 0 && (best === undefined || isPreferred(range, best.range))) best = { type, range }
  }
  return best?.type
}

interface MediaRange {
  name: string
  quality: number
  /** 0 for anything, 1 for a kind such as `text/*`, 2 for one type. */
  exactness: number
  index: number
}

/** What the header says of a type: its most exact range counts, be its quality as it may. */
function findRange (ranges: MediaRange[], type: string): MediaRange | undefined {
  const names = ['*/*', `${type.split('/')[0]}/*`, type]
  return ranges.filter(({ name }) => names.includes(name)).sort((a, b) => b.exactness - a.exactness)[0]
}

function isPreferred (a: MediaRange, b: MediaRange): boolean {
  return (a.quality - b.quality || a.exactness - b.exactness || b.index - a.index) > 0
}

function parseRange (item: string, index: number): MediaRange {
  const [name = '', ...parameters] = item.toLowerCase().split(';').map((part) => part.trim())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0, exactness: name === '*/*' ? 0 : name.endsWith('/*') ? 1 : 2, index }
}
