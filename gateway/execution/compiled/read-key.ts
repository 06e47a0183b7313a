import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Place, Source } from './places.ts'
import type { Fetched, FetchedValue } from './run.ts'

export type Read = (object: Fetched) => FetchedValue

/** What the fetch behind `link` brought for `object`, if it was asked and knew it; the object itself for no link. */
export function dataOf(object: Fetched, link: number | null): Fetched | null {
  return link === null ? object : (object.links[link]?.data ?? null)
}

/** Reads what is under `key` for an object at `place`: data wins over null, as in a merge. */
export function readerOf(place: Place, key: string): Read {
  const sources = place.sources.get(key) ?? []
  const [source] = sources
  if (source === undefined) return () => undefined
  if (sources.length === 1) return (object) => readFrom(object, source)
  return (object) => {
    let found: FetchedValue
    for (const each of sources) {
      const value = readFrom(object, each)
      if (value !== null && value !== undefined) return value
      if (value === null) found = value
    }
    return found
  }
}

function readFrom(object: Fetched, { link, slot }: Source): FetchedValue {
  return dataOf(object, link)?.values[slot]
}

/**
 * Reads the type an object tells, as JSON text. A subgraph with an interface object names the interface; whoever knows
 * the object type knows better.
 */
export function typenameReaderOf(
  place: Place,
  supergraph: GraphQLSchema,
): (object: Fetched) => string | undefined {
  const sources = place.sources.get('__typename') ?? []
  return (object) => {
    let found: string | undefined
    for (const source of sources) {
      const text = readFrom(object, source)
      if (typeof text !== 'string') continue
      const mayBeBetter = found !== undefined && text !== found
      if (!mayBeBetter || isObjectType(supergraph.getType(typeNamed(text)))) found = text
    }
    return found
  }
}

/** The name of a type out of its JSON text; it may be anything, for the text is a subgraph's. */
export function typeNamed(text: string): string {
  return text.slice(1, -1)
}
