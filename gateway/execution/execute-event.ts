import type { ExecutionResult } from 'graphql'
import { planVariables } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { SubscriptionNode } from '../planning/query-plan.ts'
import type { SubgraphResponse } from '../transports/subgraph-fetch.ts'
import type { PlanExecution } from './call-subgraph.ts'
import { completeResponse, type Execution } from './execute-operation.ts'
import { executeFetchGraph } from './fetch-graph.ts'
import { mergeFetched } from './merge-fetched.ts'
import { executePlanNode } from './plan-node.ts'
import { readResponse } from './read-response.ts'
import { emptyObject } from './response-data.ts'

/**
 * Answers one event of a subscription: the module's response to the primary fetch is the root, the rest of the plan
 * is executed on it.
 *
 * @throws the signal's reason once it is aborted
 */
export async function executeEvent(
  operation: PlannedOperation,
  response: SubgraphResponse,
  execution: Execution,
): Promise<ExecutionResult> {
  const { primary, rest } = subscriptionNode(operation)
  const { supergraph } = operation
  const coerced = planVariables(operation, execution.variables, execution.rewritten)
  if (!coerced.ok) return { errors: coerced.errors }
  const planExecution: PlanExecution = { ...execution, supergraph, variables: coerced.variables }
  const root = emptyObject()
  const { data, strayErrors } = readResponse(primary, response, supergraph)
  mergeFetched(root, data, { node: primary, supergraph })
  const restErrors = execution.graph
    ? executeFetchGraph(execution.graph, root, planExecution)
    : executePlanNode(rest, [root], planExecution)
  strayErrors.push(...(await restErrors))
  execution.signal.throwIfAborted()
  return completeResponse(operation, { data: root, strayErrors }, execution)
}

/** The fetch that a module serves as the stream of events, and what is executed for each of them. */
export function subscriptionNode({ plan }: PlannedOperation): SubscriptionNode {
  if (plan.node?.kind !== 'Subscription') throw new Error('The operation is not a subscription.')
  return plan.node
}
