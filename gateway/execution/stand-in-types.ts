import {
  GraphQLObjectType,
  GraphQLSchema,
  isInterfaceType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'

const suffix = '__Any'
const known = new WeakMap<GraphQLSchema, GraphQLSchema>()

/**
 * The API schema as answers are shaped by it. An interface may have no object type at all, where every subgraph knows
 * it as an interface object; graphql-js completes objects only, and so each of these is given a stand-in. No client
 * meets it: `__typename` is answered by nobody, and introspection is answered by the schema without them.
 */
export function shapingSchema(schema: GraphQLSchema, operation: OperationDefinitionNode): GraphQLSchema {
  if (asksForSchema(operation)) return schema
  const shaping = known.get(schema) ?? withStandIns(schema)
  known.set(schema, shaping)
  return shaping
}

function withStandIns(schema: GraphQLSchema): GraphQLSchema {
  const lonely = Object.values(schema.getTypeMap())
    .filter(isInterfaceType)
    .filter((type) => schema.getPossibleTypes(type).length === 0)
  if (lonely.length === 0) return schema
  const standIns = lonely.map(
    (type) =>
      new GraphQLObjectType({
        name: `${type.name}${suffix}`,
        interfaces: [type, ...type.getInterfaces()],
        fields: type.toConfig().fields,
      }),
  )
  const config = schema.toConfig()
  return new GraphQLSchema({ ...config, types: [...config.types, ...standIns], assumeValid: true })
}

/** A fragment at the root may hide it: then too. */
function asksForSchema({ selectionSet }: OperationDefinitionNode): boolean {
  return selectionSet.selections.some(
    (selection) =>
      selection.kind !== Kind.FIELD ||
      selection.name.value === '__schema' ||
      selection.name.value === '__type',
  )
}
