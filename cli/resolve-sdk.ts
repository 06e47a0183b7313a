import { registerHooks } from 'node:module'

/**
 * For an author's tests, loaded before them (`node --import`): in this checkout `@trellis/sdk/…` is the folder `sdk/`.
 * Editors and the type-checker know it from tsconfig.json.
 */
const prefix = '@trellis/sdk/'
const sdk = new URL('../sdk/', import.meta.url)

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith(prefix)
      ? { url: new URL(`${specifier.slice(prefix.length)}.ts`, sdk).href, shortCircuit: true }
      : next(specifier, context),
})
