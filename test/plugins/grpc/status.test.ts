import t from 'tap'
import { OipError } from '../../../codecs/oip/error.js'
import * as errors from '../../../errors.js'
import { toStatus } from '../../../plugins/grpc/status.js'
import { create } from '../../helper.js'

const [CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, UNAUTHENTICATED] = [1, 3, 4, 5, 8, 12, 13, 14, 16]

t.test('every error has the code of the table', async (t) => {
  const { log } = await create(t)
  const cases: [Error, number][] = [
    [new OipError('x'), INVALID_ARGUMENT],
    [new errors.InvalidRequestError('x'), INVALID_ARGUMENT],
    [new errors.RuleViolatedError('x'), INVALID_ARGUMENT],
    [new errors.LoadFailedError('m', 'x'), INVALID_ARGUMENT],
    [new errors.ModelNotFoundError('m', ''), NOT_FOUND],
    [new errors.VersionNotFoundError('m', '1', ''), NOT_FOUND],
    [new errors.PayloadTooLargeError(1), RESOURCE_EXHAUSTED],
    [new errors.UnauthorizedError('A key'), UNAUTHENTICATED],
    [new errors.ClientGoneError(), CANCELLED],
    [new errors.NamedRepositoryError(), UNIMPLEMENTED],
    [new errors.ModelNotReadyError('m', 'x'), UNAVAILABLE],
    [new errors.QueueFullError('m', 1), UNAVAILABLE],
    [new errors.DrainingError(), UNAVAILABLE],
    [new errors.OverloadedError(), UNAVAILABLE],
    [new errors.WorkerLostError(), UNAVAILABLE],
    [new errors.RepositoryControlError(), UNAVAILABLE],
    [new errors.DeadlineExceededError(1), DEADLINE_EXCEEDED],
    [new errors.RunLimitError(1), DEADLINE_EXCEEDED],
    [new errors.InferenceError('m'), INTERNAL]
  ]
  for (const [error, code] of cases) t.same(toStatus(error, log), { code, details: error.message }, error.name)
})

t.test('what nobody expected is INTERNAL and tells nothing', async (t) => {
  const { log } = await create(t)
  for (const error of [new TypeError('secret'), 'secret', undefined, Object.assign(new Error('secret'), { statusCode: '400' })]) {
    t.same(toStatus(error, log), { code: INTERNAL, details: 'The request could not be answered' })
  }
})
