import { buildSubgraphSchema } from '@apollo/subgraph'
import { type GraphQLFieldResolver, type GraphQLSchema, parse } from 'graphql'
import type { Waves } from './waves.ts'

type Resolver = GraphQLFieldResolver<object, Waves, object>

/**
 * The plugin as an executable subgraph, whose context is the `Waves` of one request: what is loaded for one viewer is
 * never given to another. Its values go through GraphQL's own completion: a bad one costs its field.
 */
export function buildPluginSchema(sdl: string, functions: readonly string[]): GraphQLSchema {
  const resolvers: Record<string, Record<string, Resolver>> = {}
  for (const lambda of functions) {
    const [type = '', field = ''] = lambda.split('.')
    resolvers[type] = { ...resolvers[type], [field]: resolverOf(type, lambda) }
  }
  return buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }])
}

function resolverOf(type: string, lambda: string): Resolver {
  switch (type) {
    case 'Query':
      return (_root, args, waves) => waves.root(lambda, args)
    case 'Mutation':
      return (_root, args, waves) => waves.mutation(lambda, args)
    default:
      return (parent, args, waves) => waves.field(lambda, args, parent)
  }
}
