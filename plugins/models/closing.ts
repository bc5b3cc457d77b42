import { DrainingError } from '../../errors.js'
import type { Model } from './model.js'

/**
 * The model that `loading` gives, or a DrainingError as soon as `closing` is aborted: threads that end meanwhile may never say so.
 * A model that comes after all is released.
 */
export function untilClosing (loading: Promise<Model>, closing: AbortSignal): Promise<Model> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      reject(new DrainingError())
      // Its thread may be gone by then, and the session with it.
      loading.then((model) => model.close()).catch(() => {})
    }
    closing.addEventListener('abort', giveUp, { once: true })
    loading.then((model) => {
      closing.removeEventListener('abort', giveUp)
      resolve(model)
    }, (error) => {
      closing.removeEventListener('abort', giveUp)
      reject(error)
    })
  })
}
