/** The bytes of one HTTP/1.1 request on a kept-alive connection; `body` is sent as JSON. */
export function buildRequest ({ method = 'POST', path, body, headers = {} }) {
  const payload = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const fields = { host: '127.0.0.1', ...headers }
  if (body !== undefined) Object.assign(fields, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) })
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n${payload}`)
}
