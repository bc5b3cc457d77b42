/** A path as one word of a shell, of cmd.exe too where it is harmless. */
export function quotePath (path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path.replaceAll(/["$`\\]/g, '\\$&')}"`
}

/** Any text as one word of a POSIX shell. */
export function quoteText (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
