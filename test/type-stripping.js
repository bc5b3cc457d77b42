import { registerHooks } from 'node:module'

// Node strips types by itself but does not look for `x.ts` where `x.js` is imported.
registerHooks({
  resolve (specifier, context, next) {
    try {
      return next(specifier, context)
    } catch (error) {
      if (!specifier.endsWith('.js')) throw error
      return next(`${specifier.slice(0, -'.js'.length)}.ts`, context)
    }
  }
})
