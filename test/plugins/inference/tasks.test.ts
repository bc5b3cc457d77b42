import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadTask } from '../../../workers/contract.js'
import { WaitingMemory } from '../../../plugins/inference/waiting-memory.js'
import type { Deadline } from '../../../plugins/inference/deadline.js'
import { Slot } from '../../../plugins/inference/slot.js'
import { Tasks } from '../../../plugins/inference/tasks.js'
import { codeOf, deadlineIn, open, slowRows, startBench } from './lanes.js'

const bodyBytes = 1000
const { scheduler } = startBench(t, 1, { targetRunMs: 10_000, memory: new WaitingMemory(1.5 * bodyBytes) })
const slow = await open(scheduler, 'slow', { maxRows: 1 })

/** Keeps the only thread busy for about a second and a half. */
async function occupy (): Promise<{ end: Promise<unknown> }> {
  const end = scheduler.submit(slow, slowRows(300), 300, deadlineIn())
  await delay(5)
  return { end }
}

/** A body to be read in a thread. Its memory is handed over, so that it shows whether it got there: `memory.byteLength` is 0 then. */
function read (deadline?: Deadline): { memory: ArrayBuffer, code: Promise<string> } {
  const memory = new ArrayBuffer(bodyBytes)
  const body = new Uint8Array(memory)
  const options: ReadTask['options'] = { layout: { inputs: [], kind: 'columns' }, rules: [], limits: { maxRows: 1, batchMax: 1, maxSamples: 2, maxErrors: 1 } }
  return { memory, code: codeOf(scheduler.runAnywhere('read', { body, options, key: 'a', face: 'batch', strict: true }, [memory], deadline)) }
}

t.test('a body whose deadline passes while it waits is refused and takes no thread', async (t) => {
  const { end } = await occupy()
  const late = read(deadlineIn(15))
  t.equal(await late.code, 'DEADLINE_EXCEEDED')
  t.equal(slow.running, 1, 'the thread was busy all the time')
  const patient = read(deadlineIn())
  await end
  t.equal(await patient.code, 'none')
  t.same([late.memory.byteLength, patient.memory.byteLength], [bodyBytes, 0])
})

t.test('a client that goes away while its body waits makes room for another', async (t) => {
  const { end } = await occupy()
  const deadline = deadlineIn()
  const gone = read(deadline)
  t.equal(await read(deadlineIn()).code, 'OVERLOADED')
  deadline.cancel()
  t.equal(await gone.code, 'CLIENT_GONE')
  t.equal(slow.running, 1, 'the thread was busy all the time')
  const next = read()
  await end
  t.equal(await next.code, 'none')
  t.same([gone.memory.byteLength, next.memory.byteLength], [bodyBytes, 0])
})

t.test('a body that nobody waits for is not even put into the queue', async (t) => {
  const deadline = deadlineIn()
  deadline.cancel()
  for (const [late, code] of [[read(deadlineIn(0)), 'DEADLINE_EXCEEDED'], [read(deadline), 'CLIENT_GONE']] as const) {
    t.equal(await late.code, code)
    t.equal(late.memory.byteLength, bodyBytes)
  }
})

t.test('a thread that comes free passes over a client that has just gone', async (t) => {
  const tasks = new Tasks({ memory: new WaitingMemory(100), loadLimitMs: 1000 }, () => {})
  const [slot, deadline, ran] = [new Slot(7), deadlineIn(), [] as string[]]
  const gone = codeOf(tasks.runAnywhere(async () => { ran.push('gone') }, 60, deadline))
  const next = tasks.runAnywhere(async (thread) => { ran.push(`next on ${thread}`) }, 40)
  deadline.cancel()
  t.equal(tasks.performNext(slot, Infinity), true)
  t.equal(await gone, 'CLIENT_GONE')
  await next
  t.same(ran, ['next on 7'])
  t.equal(tasks.areWaiting, false)
  t.equal(tasks.performNext(slot, Infinity), false)
})
