import { composeServices } from '@theguild/federation-composition'
import { type DocumentNode, parse } from 'graphql'

const federationLink = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
  "@key" "@requires" "@provides" "@external" "@shareable" "@override" "@inaccessible" "@interfaceObject"
])\n`

export function parseSubgraph(sdl: string): DocumentNode {
  return parse(federationLink + sdl)
}

/** The supergraph of subgraphs by name. */
export function compose(subgraphs: Readonly<Record<string, { sdl: string }>>): string {
  const services = Object.entries(subgraphs).map(([name, { sdl }]) => ({
    name,
    typeDefs: parseSubgraph(sdl),
    url: `http://${name}.invalid`,
  }))
  const { supergraphSdl, errors } = composeServices(services)
  if (!supergraphSdl) throw new Error(`Does not compose: ${errors?.map(({ message }) => message).join('; ')}`)
  return supergraphSdl
}
