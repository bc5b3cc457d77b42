import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { oipFailures, OipInferRequestSchema, OipInferResponseSchema, servedParams } from '../schemas/oip.js'
import { ref } from '../schemas/ref.js'

const InferHeadersSchema = Type.Object({
  'inference-header-content-length': Type.Optional(Type.String({ pattern: '^[0-9]+$', description: 'Bytes of JSON in front of the binary tensors; 0: the body is the bytes of the only input. Absent: all of the body is JSON.' }))
})

/** The Open Inference Protocol over HTTP: tensors in, tensors out, as JSON or as bytes behind it. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { oip } = app

  for (const [path, operationId, what] of [['/v2/models/:model/infer', 'oipModelInfer', 'a model'], ['/v2/models/:model/versions/:version/infer', 'oipModelVersionInfer', 'one version of a model']] as const) {
    app.post(path, {
      schema: {
        tags: ['open-inference'],
        operationId,
        summary: `Run ${what} on tensors`,
        params: servedParams(path),
        headers: InferHeadersSchema,
        body: ref(OipInferRequestSchema),
        response: { 200: ref(OipInferResponseSchema), ...oipFailures }
      }
    }, async (request, reply) => {
      const { model: name, version } = request.params
      oip.find(name, version)
      const frame = await request.readFrame()
      const deadline = reply.startDeadline()
      // Another version may have come while the body was on its way.
      const model = oip.find(name, version)
      const inferRequest = await oip.decode(model, frame, deadline)
      const outputs = await oip.infer(model, inferRequest, deadline)
      return await reply.sendParts(await oip.encode(model, inferRequest, outputs, deadline))
    })
  }
}

export default routes
