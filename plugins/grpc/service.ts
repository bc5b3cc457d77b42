import type { Metadata, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { FastifyInstance } from 'fastify'
import { OipError } from '../../codecs/oip/error.js'
import { NamedRepositoryError } from '../../errors.js'
import { CallDeadline, unary } from './calls.js'
import type { Infer } from './inferences.js'
import type { ModelInferRequest, ModelInferResponse, ModelVersionRequest, RepositoryIndexRequest, RepositoryModelRequest } from './messages.js'
import type { CallStatus } from './status.js'

/** The unary methods of the inference service. What is not among them answers UNIMPLEMENTED. */
export function createHandlers (app: FastifyInstance, infer: Infer, explain: (error: unknown) => CallStatus): UntypedServiceImplementation {
  const { oip, config: { REQUEST_TIMEOUT_MS } } = app

  async function control ({ repository_name: repository, model_name: model, parameters }: RepositoryModelRequest, metadata: Metadata, act: (name: string) => Promise<void>): Promise<string> {
    authorize(app, metadata)
    if (repository !== '' && model !== '') throw new NamedRepositoryError()
    for (const key of Object.keys(parameters)) {
      if (key === 'config' || key.startsWith('file:')) throw new OipError(`parameter '${key}' is not supported: models come from the model store only`)
    }
    // KServe's clients name the model in the field that is Triton's repository.
    const name = model === '' ? repository : model
    await act(name)
    return name
  }

  return {
    ServerLive: unary(() => ({ live: true }), explain),
    ServerReady: unary(() => ({ ready: oip.isServerReady() }), explain),
    ModelReady: unary(({ name, version }: ModelVersionRequest) => ({ ready: oip.isModelReady(name, version) }), explain),
    ServerMetadata: unary(() => oip.serverMetadata(), explain),
    ModelMetadata: unary(({ name, version }: ModelVersionRequest) => oip.modelMetadata(name, version), explain),
    ModelConfig: unary(({ name, version }: ModelVersionRequest) => ({ config: oip.modelConfig(name, version) }), explain),
    ModelStatistics: unary(({ name, version }: ModelVersionRequest) => oip.statistics(name, version), explain),

    ModelInfer: unary((request: ModelInferRequest, call: ServerUnaryCall<ModelInferRequest, ModelInferResponse>) => infer(request, new CallDeadline(call, REQUEST_TIMEOUT_MS)), explain),

    RepositoryIndex: unary(async ({ repository_name: repository, ready }: RepositoryIndexRequest, { metadata }: ServerUnaryCall<RepositoryIndexRequest, unknown>) => {
      authorize(app, metadata)
      if (repository !== '') throw new NamedRepositoryError()
      return { models: await oip.index({ ready }) }
    }, explain),
    RepositoryModelLoad: unary(async (request: RepositoryModelRequest, { metadata }: ServerUnaryCall<RepositoryModelRequest, unknown>) => {
      return { model_name: await control(request, metadata, (name) => oip.load(name)), isLoaded: true }
    }, explain),
    RepositoryModelUnload: unary(async (request: RepositoryModelRequest, { metadata }: ServerUnaryCall<RepositoryModelRequest, unknown>) => {
      return { model_name: await control(request, metadata, (name) => oip.unload(name)), isUnloaded: true }
    }, explain)
  }
}

/** Throws RepositoryControlError, which holds for everybody, before UnauthorizedError. */
function authorize (app: FastifyInstance, metadata: Metadata): void {
  app.oip.repository.check()
  const [authorization] = metadata.get('authorization')
  app.authorizeAdmin(authorization?.toString())
}
