import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { copyProject } from './deployment.js'

async function takesConnections (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const taken = await once(socket, 'connect').then(() => true, () => false)
  socket.destroy()
  return taken
}

t.test('a signal to npm start ends the server, which leaves its ports', { skip: process.platform === 'win32' && 'there are no signals' }, async (t) => {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, PORT: '0', GRPC_PORT: '0', WORKERS: '1', npm_config_update_notifier: 'false' }
  // A group of its own, so that nothing outlives the test whatever npm does.
  const npm = spawn('npm', ['start'], { cwd: copyProject(t), env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => {
    try {
      process.kill(-(npm.pid ?? 0), 'SIGKILL')
    } catch {}
  })
  const ports: number[] = []
  for await (const line of createInterface(npm.stdout)) {
    const [, port] = /listening at [^" ]*:(\d+)/.exec(line) ?? []
    if (port !== undefined) ports.push(Number(port))
    if (ports.length === 2) break
  }
  npm.stdout.resume()
  t.same(await Promise.all(ports.map(takesConnections)), [true, true])

  npm.kill('SIGTERM')
  await once(npm, 'exit')
  t.same(await Promise.all(ports.map(takesConnections)), [false, false])
})
