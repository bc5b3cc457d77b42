import t from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { allocate, type DataType, type Tensor, type TensorData } from '../../../codecs/tensor.js'
import type { ModelQueue } from '../../../plugins/inference/queue.js'
import type { Outcome } from '../../../plugins/inference/request.js'
import { examplePath } from '../../helper.js'
import { column, deadlineIn, open, startBench } from './lanes.js'

/** The seed of a failure is in its message: put it here to see it again. */
const seed = Number(process.env.SEED ?? 20_260_101)
const cases = 10_000
const rounds = 20

/** mulberry32: small, and good enough to mix. */
function generator (state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = generator(seed)
const below = (limit: number): number => Math.floor(random() * limit)
const chance = (probability: number): boolean => random() < probability

/** A model with the means to make requests for it and to know their answers without it. */
interface Subject {
  path: string
  make: (rows: number) => { inputs: Tensor[], expected: unknown[][] | 'INFERENCE_FAILED' }
}

interface Example { records: Record<string, number>[], predictions: number[], probabilities: number[][] }

function example (name: string, input: string): Subject {
  const { records, predictions, probabilities } = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/examples', `${name}.json`), 'utf8')) as Example
  const width = Object.keys(records[0] ?? {}).length
  return {
    path: examplePath(name),
    make (rows) {
      const chosen = Array.from({ length: rows }, () => below(records.length))
      const data = Float32Array.from(chosen.flatMap((index) => Object.values(records[index] ?? {})))
      return {
        inputs: [{ name: input, type: 'float32', dims: [rows, width], data }],
        expected: [chosen.map((index) => predictions[index]), chosen.flatMap((index) => probabilities[index])]
      }
    }
  }
}

function identity (type: DataType, element: () => unknown): Subject {
  return {
    path: `identity-${type}`,
    make (rows) {
      const data: TensorData = allocate(type, rows * 2)
      for (let i = 0; i < data.length; i++) data[i] = element() as never
      return { inputs: [{ name: 'x', type, dims: [rows, 2], data }], expected: [[...data]] }
    }
  }
}

const subjects: Subject[] = [
  example('iris', inputOf('iris')),
  example('template-rf', inputOf('template-rf')),
  identity('float32', () => Math.fround(random())),
  identity('float64', random),
  identity('int64', () => BigInt(below(2 ** 31)) * 2n ** 31n),
  identity('string', () => `été ${below(1e6)}`),
  identity('bool', () => below(2)),
  {
    path: 'fails-on-13',
    make (rows) {
      const row = Array.from({ length: rows }, () => chance(0.02) ? 13 : below(1000) + 14)
      return { inputs: column(...row), expected: row.includes(13) ? 'INFERENCE_FAILED' : [row.map((x) => x + 20)] }
    }
  }
]

function inputOf (name: string): string {
  const { input } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../model-store', name, '1/metadata.json'), 'utf8')) as { input?: string }
  return input ?? 'float_input'
}

const tally = { answered: 0, merged: 0, failed: 0, expired: 0, gone: 0, full: 0 }
const wrong: string[] = []

function check (subject: Subject, expected: ReturnType<Subject['make']>['expected'], rows: number, outcome: Outcome): void {
  tally.answered++
  if (outcome.batchRows > rows) tally.merged++
  const outputs = outcome.outputs.map(({ data }) => [...data])
  const agrees = expected !== 'INFERENCE_FAILED' && expected.every((column, index) =>
    column.length === outputs[index]?.length && column.every((value, position) => close(value, outputs[index]?.[position])))
  if (!agrees) wrong.push(`${subject.path}: ${rows} rows gave ${String(outputs)} and not ${String(expected)}`)
}

function close (expected: unknown, got: unknown): boolean {
  if (typeof expected !== 'number') return expected === got
  // ONNX Runtime computes in float32 what the estimators compute in float64.
  return Math.abs(expected - Number(got)) <= 1e-6 * Math.max(1, Math.abs(expected))
}

async function request (subject: Subject, queue: ModelQueue, submit: typeof bench.scheduler.submit): Promise<void> {
  const rows = chance(0.1) ? 1 + below(100) : 1 + below(4)
  const { inputs, expected } = subject.make(rows)
  const hurried = chance(0.05)
  const deadline = deadlineIn(hurried ? below(8) : 60_000)
  const leaves = chance(0.05)
  if (leaves) delay(below(6)).then(() => deadline.cancel())
  try {
    check(subject, expected, rows, await submit(queue, inputs, rows, deadline))
  } catch (error) {
    const { code } = error as { code: string }
    if (code === 'INFERENCE_FAILED' && expected === 'INFERENCE_FAILED') tally.failed++
    else if (code === 'DEADLINE_EXCEEDED' && hurried) tally.expired++
    else if (code === 'CLIENT_GONE' && leaves) tally.gone++
    else if (code === 'QUEUE_FULL') tally.full++
    else wrong.push(`${subject.path}: ${rows} rows were refused with ${code}: ${(error as Error).message}`)
  }
}

const bench = startBench(t, 2, { targetRunMs: 10 })

t.test('everyone gets the answers to their own rows, whatever company these rows had', async (t) => {
  for (let round = 0; round < rounds; round++) {
    const queues = await Promise.all(subjects.map(({ path }) => open(bench.scheduler, path, {
      maxRows: 1 + below(64),
      maxDelayUs: chance(0.3) ? below(3000) : 0,
      queueRows: chance(0.2) ? 50 : 1_000_000,
      ...(chance(0.3) && { instances: 1 + below(2) })
    })))
    const requests: Promise<void>[] = []
    for (let i = 0; i < cases / rounds; i++) {
      const index = below(subjects.length)
      const [subject, queue] = [subjects[index], queues[index]]
      if (subject !== undefined && queue !== undefined) requests.push(request(subject, queue, bench.scheduler.submit.bind(bench.scheduler)))
      if (chance(0.1)) await turn()
      if (chance(0.02)) await delay(below(4))
    }
    await Promise.all(requests)
    for (const queue of queues) {
      if (queue.rowsWaiting !== 0) wrong.push(`${queue.name}: ${queue.rowsWaiting} rows are said to wait when none do`)
    }
    await Promise.all(queues.map((queue) => bench.scheduler.close(queue)))
  }
  t.same(wrong.slice(0, 5), [], `seed ${seed}`)
  t.comment(JSON.stringify(tally))
  t.equal(tally.answered + tally.failed + tally.expired + tally.gone + tally.full, cases)
  for (const [name, count] of Object.entries(tally)) t.ok(count > 10, `${name} happened`)
})
