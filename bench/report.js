export function verdict (met) {
  return met ? 'met' : 'missed'
}

/** A Markdown table of rows `{ what, bar, measured, verdict }`. */
export function table (rows) {
  const line = ({ what, bar, measured, verdict }) => `| ${what} | ${bar} | ${measured} | ${verdict} |`
  return ['| what | bar | measured (median) | verdict |', '|---|---|---|---|', ...rows.map(line)].join('\n')
}
