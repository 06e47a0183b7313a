import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph'
import { graphql } from 'graphql'
import type { Subgraph } from '../../gateway/transports/subgraph-fetch.ts'
import { parseSubgraph } from '../federation/compose.ts'

/** A subgraph as the executor sees one, without a wire; what it is sent has been JSON. */
export function inProcess(sdl: string, resolvers: object): Subgraph {
  const schema = buildSubgraphSchema([
    { typeDefs: parseSubgraph(sdl), resolvers: resolvers as GraphQLResolverMap },
  ])
  return {
    async fetch({ document, operationName, variables }) {
      const variableValues = JSON.parse(JSON.stringify(variables))
      const answer = await graphql({ schema, source: document, operationName, variableValues })
      return JSON.parse(JSON.stringify(answer))
    },
    subscribe() {
      throw new Error('Nobody subscribes here.')
    },
  }
}
