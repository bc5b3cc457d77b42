import { connect } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')
const lengthField = /\r\ncontent-length: (\d+)/i

/** One kept-alive socket with at most one request under way. Reads into a buffer of its own, so that a response costs no allocation. */
export class Connection {
  #socket
  #partial
  #left = 0
  #status = 0
  #finish

  /** Resolves when the socket is connected; `onEnd` is called when the server closes it. */
  static async open (port, onEnd) {
    const connection = new Connection()
    await new Promise((resolve, reject) => {
      const onread = { buffer: Buffer.allocUnsafe(65_536), callback: (size, buffer) => { connection.#read(size, buffer); return true } }
      connection.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread }, resolve)
      connection.#socket.on('error', reject)
      connection.#socket.once('close', () => onEnd(connection))
    })
    return connection
  }

  /** Calls `finish(status)` when the whole response has arrived. */
  send (request, finish) {
    this.#finish = finish
    this.#socket.write(request)
  }

  close () {
    this.#socket.destroy()
  }

  #read (size, buffer) {
    if (this.#left > 0) {
      this.#left -= size
      if (this.#left <= 0) this.#finish(this.#status)
      return
    }
    const bytes = this.#partial === undefined ? buffer : Buffer.concat([this.#partial, buffer.subarray(0, size)])
    const length = this.#partial === undefined ? size : bytes.length
    const end = bytes.indexOf(headEnd)
    if (end < 0 || end >= length) {
      this.#partial = Buffer.from(bytes.subarray(0, length))
      return
    }
    this.#partial = undefined
    const head = bytes.latin1Slice(0, end)
    this.#status = Number(head.slice(9, 12))
    this.#left = Number(lengthField.exec(head)?.[1] ?? 0) - (length - end - headEnd.length)
    if (this.#left <= 0) this.#finish(this.#status)
  }
}
