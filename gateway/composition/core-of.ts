import { LRUCache } from 'lru-cache'
import { readCoordinates } from './core-coordinates.ts'
import { readCoreTypes } from './core-types.ts'
import { type ParsedSource, parseSource } from './parse-source.ts'
import { textHash } from './text-hash.ts'

/**
 * What belongs to these modules; the same object for the same modules.
 *
 * @throws {GraphQLError} where one of them is no SDL
 */
export const coreOf = createReadOnce(readCoreTypes)

/** What an operation can use of these modules; as above. */
export const coordinatesOfCore = createReadOnce(readCoordinates)

type ParsedModule = { name: string } & Pick<ParsedSource, 'typeDefs'>

/** Many clients mostly have the same modules: they are read once. */
function createReadOnce<Read extends object>(read: (modules: readonly ParsedModule[]) => Read) {
  const known = new LRUCache<string, Read>({ max: 20 })
  return (modules: readonly { name: string; sdl: string }[]): Read => {
    const key = modules.map(({ name, sdl }) => `${name} ${textHash(sdl)}`).join()
    const result =
      known.get(key) ?? read(modules.map(({ name, sdl }) => ({ name, typeDefs: parseSource(sdl).typeDefs })))
    known.set(key, result)
    return result
  }
}
