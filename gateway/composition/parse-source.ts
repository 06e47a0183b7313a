import { type DocumentNode, GraphQLError, parse, visit } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { CompositionError, SubgraphSource } from './compose-for-client.ts'

export type ParsedSource = { typeDefs: DocumentNode; usesContext: boolean }

/** A module's schema is that of a thousand clients: it is parsed once. Nobody changes what they share. */
const known = new LRUCache<string, ParsedSource>({
  maxSize: 1_000_000,
  sizeCalculation: (_parsed, sdl) => sdl.length + 1,
})

export function parseSource({ name, sdl }: SubgraphSource): ParsedSource | CompositionError {
  try {
    const parsed = known.get(sdl) ?? read(sdl)
    known.set(sdl, parsed)
    return parsed
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const line = error.locations?.[0]?.line
    const message = `[${name}] ${error.message}${line === undefined ? '' : ` (line ${line})`}`
    return { code: 'INVALID_GRAPHQL', message, subgraph: name }
  }
}

function read(sdl: string): ParsedSource {
  const typeDefs = parse(sdl)
  return { typeDefs, usesContext: usesContext(typeDefs) }
}

/** It composes, and the planner plans it; the executor would leave the arguments out, and the answers be wrong. */
function usesContext(typeDefs: DocumentNode): boolean {
  let isFound = false
  visit(typeDefs, {
    Directive({ name }) {
      isFound ||= name.value === 'fromContext' || name.value === 'federation__fromContext'
    },
  })
  return isFound
}
