import type { ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { planVariables, type RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { FetchGraph } from '../planning/query-plan.ts'
import type { Caller, Subgraph } from '../transports/subgraph-fetch.ts'
import type { PlanExecution } from './call-subgraph.ts'
import { executeFetchGraph } from './fetch-graph.ts'
import { executePlanNode } from './plan-node.ts'
import { mostErrors } from './read-response.ts'
import { absenceReason, emptyObject, failedWith, type ResponseObject } from './response-data.ts'
import { executeSerially, mayStopEarly } from './serial-mutation.ts'
import { shapeResponse } from './shape-response.ts'

export type Execution = {
  /** The API schema of the generation that planned the operation. */
  schema: GraphQLSchema
  subgraphs: ReadonlyMap<string, Subgraph>
  caller: Caller
  /** As the client sent them; they are coerced here. */
  variables: Readonly<Record<string, unknown>>
  /** What rules made of arguments of root fields. */
  rewritten?: RewrittenArguments
  /** Ends every call to a subgraph that is under way. */
  signal: AbortSignal
  /** The plan's fetches with fewer calls: carried out in place of the plan. */
  graph?: FetchGraph | undefined
}

/**
 * Answers a query or a mutation. What fails in a subgraph is an error in the answer; errors are fit for the client's eyes.
 *
 * @throws the signal's reason once it is aborted
 */
export async function executeOperation(
  operation: PlannedOperation,
  execution: Execution,
): Promise<ExecutionResult> {
  const { supergraph } = operation
  const { node } = operation.plan
  if (node?.kind === 'Subscription') throw new Error('A subscription is not executed but subscribed to.')
  const coerced = planVariables(operation, execution.variables, execution.rewritten)
  if (!coerced.ok) return { errors: coerced.errors }
  const data = emptyObject()
  const planExecution: PlanExecution = { ...execution, supergraph, variables: coerced.variables }
  const run = () => {
    const { graph, variables } = execution
    if (mayStopEarly(operation))
      return executeSerially(operation, data, { execution: planExecution, variables })
    return graph
      ? executeFetchGraph(graph, data, planExecution)
      : executePlanNode(node, [data], planExecution)
  }
  if (!node) data[absenceReason] = failedWith(planIsEmpty())
  const strayErrors = await run()
  execution.signal.throwIfAborted()
  return completeResponse(operation, { data, strayErrors }, execution)
}

/** Shapes the data and adds the errors that have no place in it, as many as an answer may have. */
export function completeResponse(
  operation: PlannedOperation,
  { data, strayErrors }: { data: ResponseObject; strayErrors: GraphQLError[] },
  execution: Pick<Execution, 'schema' | 'variables'>,
): ExecutionResult {
  const shaped = shapeResponse(operation, data, execution)
  const errors = [...(shaped.errors ?? []), ...strayErrors].slice(0, mostErrors)
  if (errors.length === 0) return shaped
  const isEmptyPlan = errors.find(({ extensions }) => extensions.code === 'PLAN_EMPTY')
  return isEmptyPlan ? { data: null, errors: [isEmptyPlan] } : { data: shaped.data, errors }
}

/** Only for the fields that ought to have been planned: introspection needs no plan and is answered without one. */
function planIsEmpty(): TrellisError {
  return new TrellisError('PLAN_EMPTY', 'The operation is valid, and no way was found to answer it.')
}
