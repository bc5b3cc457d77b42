/** Node's `node:http`. An import statement would read everything that it offers, its client too: 22 ms and 1 MB of the start. */
export const http = process.getBuiltinModule('node:http')
