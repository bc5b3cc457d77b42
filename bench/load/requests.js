/** The bytes of one HTTP/1.1 request on a kept-alive connection; `body` is sent as JSON unless it is text or bytes already. */
export function buildRequest ({ method = 'POST', path, body, headers = {} }) {
  const payload = Buffer.from(body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body ?? '' : JSON.stringify(body))
  const fields = { host: '127.0.0.1', ...body !== undefined && { 'content-type': 'application/json', 'content-length': payload.length }, ...headers }
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`), payload])
}
