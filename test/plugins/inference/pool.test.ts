import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'
import { Pool } from '../../../plugins/inference/pool.js'
import { zooPath } from '../../helper.js'

/** Priorities of this process' threads, the main thread's under its process id. */
function readNice (): Map<number, number> {
  return new Map(readdirSync('/proc/self/task').map((id) => {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, 'utf8')
    // The name in front may hold anything, so fields are counted from behind it; the first of them is the third.
    return [Number(id), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])]
  }))
}

t.test('threads stand back behind the main thread', { skip: process.platform !== 'linux' && 'Linux alone has priorities of threads' }, async (t) => {
  const own = readNice().get(process.pid) ?? 0
  const pool = new Pool({ threads: 2, maxHeapMb: 64, nice: 5 })
  t.teardown(() => pool.close())
  await once(pool, 'ready')
  await once(pool, 'ready')
  const nice = readNice()
  t.equal(nice.get(process.pid), own)
  t.equal([...nice.values()].filter((value) => value === own + 5).length, 2)
})

t.test('a thread that is given up is replaced at once, and ends after its run', async (t) => {
  const pool = new Pool({ threads: 1, maxHeapMb: 64, nice: 0 })
  const [first] = await once(pool, 'ready')
  const path = zooPath('stuck')
  await pool.run(first, 'open', { key: 'a', path, folder: dirname(path) })
  const running = pool.infer(first, { key: 'a', dims: [[1]], data: [BigInt64Array.of(300_000n)] })
  const [lost, replaced] = [once(pool, 'lost'), once(pool, 'ready')]
  pool.abandon(first)
  await t.rejects(running, { message: 'the thread was given up' })
  t.same(await lost, [first])
  t.not((await replaced)[0], first)
  await t.rejects(pool.infer(first, { key: 'a', dims: [[1]], data: [BigInt64Array.of(1n)] }), { message: 'the thread is gone' })
  await pool.close()
})
