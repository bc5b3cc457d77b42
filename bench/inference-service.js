import { fileURLToPath } from 'node:url'
import { loadSync } from '@grpc/proto-loader'

const file = fileURLToPath(new URL('../schemas/inference.proto', import.meta.url))

/** The inference service of schemas/inference.proto, read as this server reads it. */
export const service = loadSync(file, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true })['inference.GRPCInferenceService']
