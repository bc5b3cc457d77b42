import { generate } from './generator.js'

// The generator has a process, and so an event loop, of its own: what it measures must not wait for the one who asks.
process.on('message', async ({ id, options }) => {
  try {
    process.send({ id, result: await generate(options) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
