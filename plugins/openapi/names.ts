/** Words of a model name as one identifier: `breast-cancer` is BreastCancer. It never starts with a digit. */
export function pascalCase (name: string): string {
  const joined = name.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^[0-9]/.test(joined) ? `Model${joined}` : joined
}

/** Identifiers of one document. Those that differ in case alone count as equal, because generators make file names of them. */
export class Names {
  readonly #taken = new Set<string>()

  /** The wanted name, or where it is taken the first free one of name2, name3 … */
  take (wanted: string): string {
    let name = wanted
    for (let count = 2; this.#taken.has(name.toLowerCase()); count++) name = `${wanted}${count}`
    this.#taken.add(name.toLowerCase())
    return name
  }
}
