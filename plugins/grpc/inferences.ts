import type { FastifyInstance } from 'fastify'
import { OverloadedError } from '../../errors.js'
import type { Deadline } from '../deadline.js'
import { addPrediction, round, type LogLine } from '../request-log.js'
import { decodeInferRequest } from './infer-request.js'
import { encodeInferResponse } from './infer-response.js'
import type { ModelInferRequest, ModelInferResponse } from './messages.js'

/** Answers a ModelInferRequest, alone or out of a stream. Rejects with the errors of errors.ts and OipError. */
export type Infer = (request: ModelInferRequest, deadline: Deadline) => Promise<ModelInferResponse>

// Of a line; what a client calls its request may be anything.
const longestId = 128

export function createInfer (app: FastifyInstance): Infer {
  const { oip, metrics: { predictions }, config: { GRPC_OUTPUT: form, LOG_PREDICTIONS: shown } } = app
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
      const { journal } = deadline
      const budget = journal.model === undefined ? Infinity : app.latencyBudget(journal.model)
      const isSlow = ms > budget
      if (isSlow || isLogged) {
        const { id } = message
        const line: LogLine = { ...(id !== '' && { request_id: id.slice(0, longestId) }), method: 'ModelInfer', succeeded, ms: round(ms) }
        addPrediction(line, journal, shown)
        if (isSlow) app.log.warn({ ...line, budget_ms: budget }, 'slow gRPC request')
        else app.log.info(line, 'gRPC request')
      }
      predictions.record(succeeded, ms, journal)
    }
  }
}
