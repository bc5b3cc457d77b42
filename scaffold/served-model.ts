import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.js'
import { loadConfig } from '../config.js'
import { report } from '../model-check.js'
import { blank } from '../plugins/models/specification/example.js'
import { findExample } from '../plugins/openapi/examples.js'
import type { Feature, InputLayout } from '../codecs/specification.js'

/** A model as the project serves it. */
export interface ServedModel {
  name: string
  /** One line: task, features, load time. */
  report: string
  /** Absent when nothing names the columns. */
  features?: Feature[]
  /** A body that /predict takes; absent when the graph does not tell the width of a row. */
  body?: unknown
  /** What the model answers to it; absent when it cannot answer to an invented row. */
  answer?: Record<string, unknown>
}

export interface ServingOptions {
  store: string
  name: string
  inputSchema?: string
}

/** Serves the model of a store once, as the project will, and asks it one thing. Rejects with one line that says why it cannot be served. */
export async function tryModel ({ store, name, inputSchema }: ServingOptions): Promise<ServedModel> {
  const { MODEL_PATH: _path, INPUT_SCHEMA: _schema, API_KEYS: _keys, ...config } = loadConfig({})
  const app = await buildApp({
    ...config,
    MODEL_STORE: store,
    DEFAULT_MODEL: name,
    WORKERS: '1',
    WATCH: false,
    LOG_LEVEL: 'silent',
    ...(inputSchema !== undefined && { INPUT_SCHEMA: inputSchema })
  })
  try {
    await app.ready()
    await app.models.settled()
    // Rows that nobody sent do not suit every model: some know their categories.
    return { name, report: report(app, false), ...await describe(app) }
  } finally {
    await app.close()
  }
}

async function describe (app: FastifyInstance): Promise<Omit<ServedModel, 'name' | 'report'>> {
  const model = app.models.get()
  const { layout } = model.specification
  const features = layout.features && { features: layout.features }
  const body: unknown = findExample(model)?.record ?? blankRow(layout)
  if (body === undefined) return { ...features }
  const reply = await app.inject({ method: 'POST', url: '/predict', headers: { 'content-type': 'application/json' }, payload: JSON.stringify(body) })
  if (reply.statusCode === 400) return { ...features }
  return { ...features, body, ...(reply.statusCode === 200 && { answer: { ...reply.json(), request_id: '…' } }) }
}

function blankRow ({ features, width, inputs: [input] }: InputLayout): { features: unknown[] } | undefined {
  if (features !== undefined || width === undefined || input === undefined) return undefined
  return { features: Array.from({ length: width }, () => blank(input.type)) }
}
