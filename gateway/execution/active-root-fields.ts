import type { FieldNode, GraphQLField } from 'graphql'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import { privateVariable } from '../planning/private-variables.ts'
import { collectFields, fragmentsOf } from './compiled/collect-fields.ts'

/** A root field that this run of the operation has: `@skip` and `@include` are decided. */
export type ActiveRootField = {
  responseKey: string
  /** `Mutation.createRecord` */
  coordinate: string
  /** In the API schema; null for `__schema` and its like. */
  definition: GraphQLField<unknown, unknown> | null
  /** Each place where the operation selects it. */
  nodes: readonly FieldNode[]
}

/**
 * In the order in which they run and are answered, each response key once.
 *
 * @param variables of the plan
 */
export function activeRootFields(
  { schema, document, operation }: PlannedOperation,
  variables: Readonly<Record<string, unknown>>,
): ActiveRootField[] {
  const rootType = schema.getRootType(operation.operation)
  if (!rootType) return []
  const conditions = Object.fromEntries(
    (operation.variableDefinitions ?? []).map(({ variable: { name } }) => [
      name.value,
      variables[privateVariable(name.value)] === true,
    ]),
  )
  const selecting = { schema, fragments: fragmentsOf(document), conditions }
  const collected = collectFields([operation.selectionSet], rootType, selecting)
  return [...collected].flatMap(([responseKey, nodes]): ActiveRootField[] => {
    const [node] = nodes
    if (!node) return []
    const definition = rootType.getFields()[node.name.value] ?? null
    return [{ responseKey, coordinate: `${rootType.name}.${node.name.value}`, definition, nodes }]
  })
}
