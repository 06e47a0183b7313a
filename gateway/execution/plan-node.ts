import type { GraphQLError } from 'graphql'
import type { PlanNode } from '../planning/query-plan.ts'
import type { PlanExecution } from './call-subgraph.ts'
import { executeFetchNode } from './fetch-node.ts'
import { flatten } from './flatten.ts'
import type { ResponseObject } from './response-data.ts'

/**
 * Runs one node of a query plan over `objects`, the root or a part of the answer, which it completes in place.
 *
 * @returns the errors that belong to no field
 * @throws the signal's reason once it is aborted
 */
export async function executePlanNode(
  node: PlanNode | undefined,
  objects: readonly ResponseObject[],
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  switch (node?.kind) {
    case undefined:
      return []
    case 'Fetch':
      return executeFetchNode(node, objects, execution)
    case 'Flatten':
      return executePlanNode(node.node, flatten(objects, node.path), execution)
    case 'Sequence': {
      const errors: GraphQLError[] = []
      for (const child of node.nodes) errors.push(...(await executePlanNode(child, objects, execution)))
      return errors
    }
    case 'Parallel':
      return (await Promise.all(node.nodes.map((child) => executePlanNode(child, objects, execution)))).flat()
    case 'Condition': {
      const branch = execution.variables[node.condition] === true ? node.ifClause : node.elseClause
      return executePlanNode(branch, objects, execution)
    }
    default:
      return node satisfies never
  }
}
