import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { LazyListener, type ConnectionServer } from '../../../plugins/grpc/listener.js'
import { until } from '../../helper.js'

/** A server that says back what it hears; `loads` is how often it was loaded. */
async function listen (t: Test, load?: () => Promise<void>) {
  const state = { loads: 0, taken: 0, closed: 0, errors: [] as unknown[], port: 0 }
  const server: ConnectionServer = {
    take (socket) {
      state.taken++
      socket.pipe(socket)
    },
    async close () { state.closed++ }
  }
  const listener = new LazyListener(async () => {
    state.loads++
    await load?.()
    return server
  }, (error) => state.errors.push(error))
  t.teardown(() => listener.close())
  state.port = await listener.listen(0, '127.0.0.1')
  return { listener, state }
}

async function open (t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

t.test('connections that say nothing load nothing', async (t) => {
  const { listener, state } = await listen(t)
  const silent = await open(t, state.port)
  const ended = await open(t, state.port)
  ended.end()
  ended.resume()
  await once(ended, 'close')
  const reset = await open(t, state.port)
  reset.resetAndDestroy()
  await listener.close()
  silent.resume()
  await once(silent, 'close')
  t.match(state, { loads: 0, taken: 0, errors: [] })
})

t.test('the first bytes load the server, once, and none of them is lost', async (t) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  const { state } = await listen(t, () => gate)
  const sockets = await Promise.all(Array.from({ length: 10 }, () => open(t, state.port)))
  const sent = Buffer.alloc(300_000, 'x')
  const heard = sockets.map(async (socket) => {
    let bytes = 0
    socket.on('data', (chunk) => { bytes += chunk.byteLength })
    await until(() => bytes === sent.byteLength)
  })
  for (const socket of sockets) socket.write(sent)
  await until(() => state.loads === 1)
  release()
  await Promise.all(heard)
  t.match(state, { loads: 1, taken: 10, errors: [] })
})

t.test('a server that cannot be loaded costs the connection, and the next one tries again', async (t) => {
  let fails = true
  const { state } = await listen(t, async () => { if (fails) throw new Error('no such module') })
  const first = await open(t, state.port)
  first.resume()
  first.write('x')
  await once(first, 'close')
  t.match(state, { loads: 1, taken: 0, errors: [{ message: 'no such module' }] })
  fails = false
  const second = await open(t, state.port)
  second.write('y')
  t.equal(String((await once(second, 'data'))[0]), 'y')
  t.match(state, { loads: 2, taken: 1 })
})

t.test('closing while the server is loaded leaves nothing open', async (t) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  const { listener, state } = await listen(t, () => gate)
  const socket = await open(t, state.port)
  socket.resume()
  socket.write('x')
  await until(() => state.loads === 1)
  const closing = listener.close()
  release()
  await closing
  await until(() => socket.destroyed)
  t.match(state, { taken: 0, closed: 1, errors: [] })
  t.equal(listener.close(), closing, 'closing again is the same closing')
})

t.test('a client that leaves while the server is loaded is not handed over', async (t) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  const { state } = await listen(t, () => gate)
  const leaver = await open(t, state.port)
  leaver.write('x')
  await until(() => state.loads === 1)
  leaver.resetAndDestroy()
  const stayer = await open(t, state.port)
  stayer.write('y')
  release()
  t.equal(String((await once(stayer, 'data'))[0]), 'y')
  t.match(state, { loads: 1, errors: [] })
})

t.test('a port in use is refused, and closing what was never opened is nothing', async (t) => {
  const { state } = await listen(t)
  const other = new LazyListener(async () => { throw new Error('never') }, () => {})
  await t.rejects(other.listen(state.port, '127.0.0.1'), { code: 'EADDRINUSE' })
  await other.close()
})
