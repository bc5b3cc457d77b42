import type { Task } from '../../codecs/specification.js'
import type { ModelConfig } from '../../schemas/model-config.js'

export interface Circumstances {
  /** Threads of the shared pool. */
  threads: number
  /** Requests for the model can share a run. */
  merged: boolean
  task: Task
}

/** Settings of `model.json` that cannot have the effect that was asked for, in words that begin with `model.json: ` and the field. */
export function findIdleSettings ({ batching, instances, dedicated, response_style: style }: ModelConfig, { threads, merged, task }: Circumstances): string[] {
  const { max_rows: maxRows, max_delay_us: maxDelayUs } = batching
  const found: string[] = []
  if (maxDelayUs > 0 && maxRows === 1) found.push('batching.max_delay_us: has no effect, since batching.max_rows is 1')
  else if (maxDelayUs > 0 && !merged) found.push('batching.max_delay_us: has no effect, since requests for this model cannot share a run')
  if (instances !== undefined && !dedicated && instances > threads) found.push(`instances: asks for ${instances} threads, but the server has ${threads} (WORKERS); dedicated gives the model threads of its own`)
  if (style === 'label' && !task.endsWith('CLASSIFICATION')) found.push(`response_style: label has no effect, since the task is ${task}`)
  return found.map((line) => `model.json: ${line}`)
}
