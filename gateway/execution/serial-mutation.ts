import { type GraphQLError, type GraphQLSchema, isNonNullType, Kind, type SelectionNode } from 'graphql'
import { keepRootFields } from '../planning/derived-operation.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import { fetchedKey } from '../planning/private-aliases.ts'
import type { PlanNode } from '../planning/query-plan.ts'
import type { PlanExecution } from './call-subgraph.ts'
import { executePlanNode } from './plan-node.ts'
import type { ResponseObject } from './response-data.ts'
import { shapeResponse } from './shape-response.ts'

/**
 * Whether a root field that fails keeps later ones from running: in a mutation one that may not be null nulls the
 * answer, and the specification goes no further (6.2.2 and 6.4.4).
 */
export function mayStopEarly({ operation, plan, schema, document }: PlannedOperation): boolean {
  if (operation.operation !== 'mutation' || plan.node?.kind !== 'Sequence') return false
  const fields = schema.getMutationType()?.getFields() ?? {}
  const named = (selection: SelectionNode) =>
    selection.kind === Kind.FIELD && isNonNullType(fields[selection.name.value]?.type)
  return keepRootFields(operation.selectionSet, document, named).selections.length > 0
}

/** @param variables as the client sent them */
export async function executeSerially(
  planned: PlannedOperation,
  data: ResponseObject,
  { execution, variables }: { execution: PlanExecution; variables: Readonly<Record<string, unknown>> },
): Promise<GraphQLError[]> {
  const { plan, schema } = planned
  const errors: GraphQLError[] = []
  const nodes = plan.node?.kind === 'Sequence' ? plan.node.nodes : []
  for (const [index, node] of nodes.entries()) {
    if (index > 0 && mutates(node) && isNulled(planned, data, { schema, variables })) break
    errors.push(...(await executePlanNode(node, [data], execution)))
  }
  return errors
}

function mutates(node: PlanNode | undefined): boolean {
  switch (node?.kind) {
    case undefined:
      return false
    case 'Fetch':
      return node.operationKind === 'mutation'
    case 'Flatten':
      return mutates(node.node)
    case 'Condition':
      return mutates(node.ifClause) || mutates(node.elseClause)
    case 'Sequence':
    case 'Parallel':
      return node.nodes.some(mutates)
    default:
      return node satisfies never
  }
}

/** Whether the root fields that are complete by now null the answer. */
function isNulled(
  planned: PlannedOperation,
  data: ResponseObject,
  shaping: { schema: GraphQLSchema; variables: Readonly<Record<string, unknown>> },
): boolean {
  const { document, operation } = planned
  const isComplete = (selection: SelectionNode) =>
    selection.kind === Kind.FIELD && data[fetchedKey(selection)] !== undefined
  const complete = {
    ...operation,
    selectionSet: keepRootFields(operation.selectionSet, document, isComplete),
  }
  if (complete.selectionSet.selections.length === 0) return false
  const definitions = document.definitions.map((definition) =>
    definition === operation ? complete : definition,
  )
  return (
    shapeResponse({ ...planned, document: { ...document, definitions }, operation: complete }, data, shaping)
      .data === null
  )
}
