import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { service } from '../inference-service.js'

// The gRPC library with the same messages and nothing behind it: what came in goes out.
const { PORT, GRPC_PORT } = process.env
const server = new Server()

server.addService(service, {
  ModelInfer ({ request }, callback) {
    const { model_name: name, model_version: version, id, inputs, raw_input_contents: raw } = request
    callback(null, { model_name: name, model_version: version, id, outputs: inputs, raw_output_contents: raw })
  }
})

process.once('SIGTERM', () => process.exit())
await promisify(server.bindAsync).call(server, `127.0.0.1:${GRPC_PORT}`, ServerCredentials.createInsecure())
createServer((_request, response) => response.end('ready')).listen(Number(PORT), '127.0.0.1')
