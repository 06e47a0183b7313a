import { type DirectiveNode, Kind, parse } from 'graphql'

/** A subgraph as a supergraph names it. */
export type JoinGraph = {
  /** As the subgraph was named in composition. */
  name: string
  /** Where it answers GraphQL; empty when composition was told nothing. */
  url: string
}

/**
 * The subgraphs of a supergraph: the values of `join__Graph`.
 *
 * @throws {GraphQLError} when the text is not SDL
 * @throws when it names no subgraph, which every supergraph does
 */
export function readJoinGraphs(supergraphSdl: string): JoinGraph[] {
  const graphs = parse(supergraphSdl, { noLocation: true }).definitions.flatMap((definition) =>
    definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph'
      ? (definition.values ?? [])
      : [],
  )
  const read = graphs.flatMap(({ directives = [] }) =>
    directives.filter(({ name }) => name.value === 'join__graph').map(readJoinGraph),
  )
  if (read.length === 0) throw new Error('This is not a supergraph: it has no join__Graph.')
  return read
}

function readJoinGraph(directive: DirectiveNode): JoinGraph {
  return { name: readArgument(directive, 'name'), url: readArgument(directive, 'url') }
}

function readArgument({ arguments: given = [] }: DirectiveNode, name: string): string {
  const value = given.find((argument) => argument.name.value === name)?.value
  return value?.kind === Kind.STRING ? value.value : ''
}
