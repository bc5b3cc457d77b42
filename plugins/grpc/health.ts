import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import { statusCodes } from './status.js'

interface HealthRequest { service: string }
interface HealthResponse { status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' }
type Watcher = ServerWritableStream<HealthRequest, HealthResponse>

// Readiness announces no changes; it is looked at this often while somebody watches.
const watchMs = 250

/** grpc.health.v1 by readiness. The package's own handlers keep a status that has to be set, and their Watch calls would hold up a shutdown. */
export class Health {
  readonly #services: readonly string[]
  readonly #isReady: () => boolean
  readonly #watchers = new Map<Watcher, HealthResponse['status']>()
  #timer: NodeJS.Timeout | undefined

  /** `services` are the names that are known, beside the empty one for the whole server. */
  constructor (services: readonly string[], isReady: () => boolean) {
    this.#services = ['', ...services]
    this.#isReady = isReady
  }

  readonly handlers: UntypedServiceImplementation = {
    Check: ({ request: { service } }: ServerUnaryCall<HealthRequest, HealthResponse>, callback: sendUnaryData<HealthResponse>) => {
      const status = this.#look(service)
      if (status === 'SERVICE_UNKNOWN') callback({ code: statusCodes.NOT_FOUND, details: 'Health status unknown for this service' })
      else callback(null, { status })
    },
    Watch: (call: Watcher) => {
      call.on('cancelled', () => this.#watchers.delete(call))
      this.#tell(call)
      this.#watch()
    },
    List: (_call: unknown, callback: sendUnaryData<{ statuses: Record<string, HealthResponse> }>) => {
      callback(null, { statuses: Object.fromEntries(this.#services.map((service) => [service, { status: this.#look(service) }])) })
    }
  }

  /** Ends all Watch calls with what is known now. */
  close (): void {
    clearInterval(this.#timer)
    for (const call of this.#watchers.keys()) {
      this.#tell(call)
      call.end()
    }
  }

  #look (service: string): HealthResponse['status'] {
    if (!this.#services.includes(service)) return 'SERVICE_UNKNOWN'
    return this.#isReady() ? 'SERVING' : 'NOT_SERVING'
  }

  #tell (call: Watcher): void {
    const status = this.#look(call.request.service)
    if (this.#watchers.get(call) === status) return
    this.#watchers.set(call, status)
    call.write({ status })
  }

  #watch (): void {
    this.#timer ??= setInterval(() => {
      for (const call of this.#watchers.keys()) this.#tell(call)
      if (this.#watchers.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }, watchMs).unref()
  }
}
