import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { encodeInferParts } from '../codecs/oip/response.js'

/** A request body with binary tensors behind its JSON, and the length header that says where they begin. */
export function frame (body: unknown, ...blobs: ArrayBufferView[]): { payload: Buffer, headers: Record<string, string> } {
  const json = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const payload = Buffer.concat([json, ...blobs.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))])
  return { payload, headers: { 'inference-header-content-length': String(json.byteLength) } }
}

/** The JSON of an answer and the bytes behind it. */
export function unframe ({ rawPayload, headers }: Pick<LightMyRequestResponse, 'rawPayload' | 'headers'>): { json: InferAnswer, blobs: Buffer } {
  const length = Number(headers['inference-header-content-length'] ?? rawPayload.byteLength)
  return { json: JSON.parse(rawPayload.subarray(0, length).toString()), blobs: rawPayload.subarray(length) }
}

/** An answer as it stands on the wire: its bytes, and the length of the JSON where blobs follow. */
export function encodeInferResponse (answer: Parameters<typeof encodeInferParts>[0]): { body: Buffer, headerLength?: number } {
  const { json, blobs } = encodeInferParts(answer)
  const head = Buffer.from(json)
  const body = Buffer.concat([head, ...blobs])
  return body.byteLength === head.byteLength ? { body } : { body, headerLength: head.byteLength }
}

export interface InferAnswer {
  model_name: string
  model_version: string
  id?: string
  outputs: { name: string, datatype: string, shape: number[], parameters?: { binary_data_size: number }, data?: unknown[] }[]
}

export function infer (app: FastifyInstance, model: string, options: InjectOptions): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url: `/v2/models/${model}/infer`, ...options })
}

/** Checks a refusal: its status, its one member, its bare content type. */
export function refused (t: Test, response: LightMyRequestResponse, status: number, message: string | RegExp, about = ''): void {
  t.equal(response.statusCode, status, `${about} ${response.payload.slice(0, 200)}`)
  t.equal(response.headers['content-type'], 'application/json', about)
  t.match(response.json(), { error: message }, about)
  t.strictSame(Object.keys(response.json()), ['error'], about)
}

interface ExampleAnswers {
  class_names: string[]
  predictions: (string | number)[]
  probabilities: number[][]
  records: Record<string, unknown>[]
}

/** What the original estimator of an example answers. */
export function exampleAnswers (name: string): ExampleAnswers {
  return JSON.parse(readFileSync(join(import.meta.dirname, `fixtures/examples/${name}.json`), 'utf8'))
}

/** The rows of the iris answers as the model's tensor. */
export function irisRows (count: number): { rows: number[][], input: { name: string, shape: number[], datatype: string, data: number[] } } {
  const rows = exampleAnswers('iris').records.slice(0, count).map((record) => Object.values(record).map(Number))
  return { rows, input: { name: 'float_input', shape: [count, 4], datatype: 'FP32', data: rows.flat() } }
}

export function near (t: Test, actual: unknown, expected: number[], tolerance = 1e-5): void {
  t.ok(Array.isArray(actual) && actual.length === expected.length, `${expected.length} numbers`)
  if (Array.isArray(actual)) t.ok(expected.every((value, index) => Math.abs(Number(actual[index]) - value) <= tolerance), `${JSON.stringify(actual).slice(0, 200)} is near ${JSON.stringify(expected).slice(0, 200)}`)
}
