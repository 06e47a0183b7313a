import { type DocumentNode, parse } from 'graphql'
import { composeForClient } from '../../gateway/composition/compose-for-client.ts'

const federationLink = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
  "@key" "@requires" "@provides" "@external" "@shareable" "@override" "@inaccessible" "@interfaceObject"
])\n`

export function parseSubgraph(sdl: string): DocumentNode {
  return parse(federationLink + sdl)
}

/** The supergraph of subgraphs by name. */
export function compose(subgraphs: Readonly<Record<string, { sdl: string }>>): string {
  const sources = Object.entries(subgraphs).map(([name, { sdl }]) => ({ name, sdl: federationLink + sdl }))
  const composition = composeForClient(sources)
  if (composition.ok) return composition.supergraphSdl
  throw new Error(`Does not compose: ${composition.errors.map(({ message }) => message).join('; ')}`)
}
