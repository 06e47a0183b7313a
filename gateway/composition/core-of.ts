import { LRUCache } from 'lru-cache'
import { type CoreTypes, readCoreTypes } from './core-types.ts'
import { parseSource } from './parse-source.ts'
import { textHash } from './text-hash.ts'

/** Of the modules of many clients, who mostly have the same. */
const known = new LRUCache<string, CoreTypes>({ max: 20 })

/**
 * What belongs to these modules; the same object for the same modules.
 *
 * @throws {GraphQLError} where one of them is no SDL
 */
export function coreOf(modules: readonly { name: string; sdl: string }[]): CoreTypes {
  const key = modules.map(({ name, sdl }) => `${name} ${textHash(sdl)}`).join()
  const core =
    known.get(key) ??
    readCoreTypes(modules.map(({ name, sdl }) => ({ name, typeDefs: parseSource(sdl).typeDefs })))
  known.set(key, core)
  return core
}
