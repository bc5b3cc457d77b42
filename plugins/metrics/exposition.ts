import { Registry } from 'prom-client'
import type { Inference } from '../inference/index.js'
import type { ModelRegistry } from '../models/registry.js'
import type { RouteCounts } from './counts.js'
import { collectHttpMetrics } from './http-metrics.js'
import { collectModelMetrics } from './model-metrics.js'
import { dropUnmeasured, observeProcess } from './process-metrics.js'

/** What has been counted in Prometheus' text format. The library and what it observes cost something; who is never asked does without this module. */
export class Exposition {
  readonly #registry = new Registry()

  constructor (models: ModelRegistry, inference: Inference, routes: RouteCounts[]) {
    collectModelMetrics(this.#registry, models, inference)
    collectHttpMetrics(this.#registry, routes)
    observeProcess(this.#registry)
  }

  get contentType (): string {
    return this.#registry.contentType
  }

  async write (): Promise<string> {
    return dropUnmeasured(await this.#registry.metrics())
  }
}
