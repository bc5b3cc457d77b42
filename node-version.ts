/** As in package.json. */
const oldest = '22.13.0'

const problem = explainVersion(process.versions.node)
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}

/** Why this version of Node cannot run the server, in one line; undefined when it can. */
export function explainVersion (version: string): string | undefined {
  return isOlder(version, oldest) ? `This is Node ${version}, and the server needs ${oldest} or newer; npm start brings its own` : undefined
}

function isOlder (version: string, other: string): boolean {
  const theirs = other.split('.').map(Number)
  const [index, ours] = [...version.split('.').map(Number).entries()].find(([index, part]) => part !== theirs[index]) ?? [0, theirs[0] ?? 0]
  return ours < (theirs[index] ?? 0)
}
