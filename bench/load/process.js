import { generate } from './generator.js'

const generators = {
  http: generate,
  async grpc (options) {
    const { generateCalls } = await import('./calls.js')
    return await generateCalls(options)
  }
}

// The generator has a process, and so an event loop, of its own: what it measures must not wait for the one who asks.
process.on('message', async ({ id, protocol, options }) => {
  try {
    process.send({ id, result: await generators[protocol](options) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
