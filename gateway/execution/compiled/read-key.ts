import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Place, Source } from './places.ts'
import { type Fetched, linkedData } from './run.ts'

export type Read = (object: Fetched) => unknown

/** Reads what is under `key` for an object at `place`: data wins over null, as in a merge. */
export function readerOf(place: Place, key: string): Read {
  const sources = place.sources.get(key) ?? []
  const [source] = sources
  if (source === undefined) return () => undefined
  if (sources.length === 1) return (object) => readFrom(object, source, key)
  return (object) => {
    let found: unknown
    for (const each of sources) {
      const value = readFrom(object, each, key)
      if (value !== null && value !== undefined) return value
      if (value === null) found = value
    }
    return found
  }
}

function readFrom(object: Fetched, source: Source, key: string): unknown {
  return source === null ? object[key] : linkedData(object, source)?.[key]
}

/** A subgraph with an interface object names the interface; whoever knows the object type knows better. */
export function typenameReaderOf(
  place: Place,
  supergraph: GraphQLSchema,
): (object: Fetched) => string | undefined {
  const sources = place.sources.get('__typename') ?? []
  return (object) => {
    let found: string | undefined
    for (const source of sources) {
      const typename = readFrom(object, source, '__typename')
      if (typeof typename !== 'string') continue
      if (found === undefined || isObjectType(supergraph.getType(typename))) found = typename
    }
    return found
  }
}
