import {
  type ConstDirectiveNode,
  type GraphQLField,
  type GraphQLSchema,
  isEnumType,
  Kind,
  type ValueNode,
} from 'graphql'

/** Whether a subgraph resolves a field of an object type that it has, as the supergraph's `@join__field` says. */
export function isResolvedBy(
  serviceName: string,
  field: GraphQLField<unknown, unknown>,
  supergraph: GraphQLSchema,
): boolean {
  const joins = (field.astNode?.directives ?? []).filter(({ name }) => name.value === 'join__field')
  if (joins.length === 0) return true
  const graph = graphOf(serviceName, supergraph)
  return joins.some(
    (join) =>
      isNamed(argumentOf(join, 'graph'), graph) &&
      !isTrue(argumentOf(join, 'external')) &&
      !argumentOf(join, 'usedOverridden'),
  )
}

/** The name of a subgraph in the enum `join__Graph`. */
function graphOf(serviceName: string, supergraph: GraphQLSchema): string | undefined {
  const graphs = supergraph.getType('join__Graph')
  if (!isEnumType(graphs)) return undefined
  return graphs.getValues().find(({ astNode }) =>
    astNode?.directives?.some((directive) => {
      const name = argumentOf(directive, 'name')
      return name?.kind === Kind.STRING && name.value === serviceName
    }),
  )?.name
}

function argumentOf(directive: ConstDirectiveNode, argument: string): ValueNode | undefined {
  return directive.arguments?.find(({ name }) => name.value === argument)?.value
}

function isNamed(value: ValueNode | undefined, name: string | undefined): boolean {
  return value?.kind === Kind.ENUM && value.value === name
}

function isTrue(value: ValueNode | undefined): boolean {
  return value?.kind === Kind.BOOLEAN && value.value
}
