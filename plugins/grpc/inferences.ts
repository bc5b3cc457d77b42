import type { FastifyInstance } from 'fastify'
import { OverloadedError } from '../../errors.js'
import type { Deadline } from '../deadline.js'
import type { Journal } from '../inference/journal.js'
import { decodeInferRequest } from './infer-request.js'
import { encodeInferResponse } from './infer-response.js'
import type { ModelInferRequest, ModelInferResponse } from './messages.js'

/** Answers a ModelInferRequest, alone or out of a stream. Rejects with the errors of errors.ts and OipError. */
export type Infer = (request: ModelInferRequest, deadline: Deadline) => Promise<ModelInferResponse>

export function createInfer (app: FastifyInstance): Infer {
  const { oip, metrics: { predictions }, config: { GRPC_OUTPUT: form } } = app
  const isLogged = ['info', 'debug', 'trace'].includes(app.config.LOG_LEVEL)
  const isUnderPressure = app.hasDecorator('isUnderPressure') ? () => app.isUnderPressure() : () => false

  async function answer (message: ModelInferRequest, deadline: Deadline): Promise<ModelInferResponse> {
    const model = oip.find(message.model_name, message.model_version)
    const startedAt = performance.now()
    const request = decodeInferRequest(message, oip.describe(model), form)
    deadline.journal.read(performance.now() - startedAt, 0)
    const outputs = await oip.infer(model, request, deadline)
    const labels = oip.classLabels(model, request)
    return encodeInferResponse({
      modelName: model.name,
      modelVersion: model.version,
      id: message.id,
      outputs,
      requested: request.outputs,
      ...(labels !== undefined && { labels })
    })
  }

  return async (message, deadline) => {
    const startedAt = performance.now()
    let succeeded = false
    try {
      if (isUnderPressure()) throw new OverloadedError()
      const response = await answer(message, deadline)
      succeeded = true
      return response
    } finally {
      const ms = performance.now() - startedAt
      predictions.record(succeeded, ms, deadline.journal)
      const budget = deadline.journal.model === undefined ? Infinity : app.latencyBudget(deadline.journal.model)
      if (ms > budget) app.log.warn({ ...describe(succeeded, ms, deadline.journal), budget_ms: budget }, 'slow gRPC request')
      else if (isLogged) app.log.info(describe(succeeded, ms, deadline.journal), 'gRPC request')
    }
  }
}

/** One line per inference, as HTTP has one per request, without any value of its tensors. */
function describe (succeeded: boolean, ms: number, { model, version, rows, queueMs, inferenceMs }: Journal): object {
  return { method: 'ModelInfer', succeeded, ms: round(ms), ...(model !== undefined && { model, version, rows, queue_ms: round(queueMs), inference_ms: round(inferenceMs) }) }
}

function round (ms: number): number {
  return Math.round(ms * 1000) / 1000
}
