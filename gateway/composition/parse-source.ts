import { type DocumentNode, parse, visit } from 'graphql'
import { LRUCache } from 'lru-cache'

export type ParsedSource = { typeDefs: DocumentNode; usesContext: boolean }

/** A module's schema is that of a thousand clients: it is parsed once. Nobody changes what they share. */
const known = new LRUCache<string, ParsedSource>({
  maxSize: 1_000_000,
  sizeCalculation: (_parsed, sdl) => sdl.length + 1,
})

/** @throws {GraphQLError} when the text is not SDL */
export function parseSource(sdl: string): ParsedSource {
  const parsed = known.get(sdl) ?? read(sdl)
  known.set(sdl, parsed)
  return parsed
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
