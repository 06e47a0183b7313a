import type { ExecutionResult, GraphQLSchema } from 'graphql'
import { batchFetches } from '../planning/batch-fetches.ts'
import { type FetchGraph, fetchGraph } from '../planning/fetch-graph.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { Caller, Subgraph, SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { executeEvent } from './execute-event.ts'
import { executeOperation } from './execute-operation.ts'

export type ExecutionRequest = {
  caller: Caller
  /** As the client sent them; they are coerced here. */
  variables: Readonly<Record<string, unknown>>
  /** Ends every call to a subgraph that is under way. */
  signal: AbortSignal
}

/**
 * Answers planned operations of one generation. What fails in a subgraph is an error in the answer; errors are fit for
 * the client's eyes. All three answer alike, and throw the signal's reason once it is aborted.
 */
export type Executor = {
  execute(operation: PlannedOperation, request: ExecutionRequest): Promise<ExecutionResult>
  /** The same as JSON text, ready to be sent. */
  executeToJson(operation: PlannedOperation, request: ExecutionRequest): Promise<string>
  /** One event of a subscription: what the module sent is the root, the rest of the plan is executed on it. */
  executeEvent(
    operation: PlannedOperation,
    response: SubgraphResponse,
    request: ExecutionRequest,
  ): Promise<ExecutionResult>
}

export type ExecutorParts = {
  /** What clients see. */
  schema: GraphQLSchema
  /** Every type of every subgraph, what `schema` hides included. */
  supergraph: GraphQLSchema
  subgraphs: ReadonlyMap<string, Subgraph>
}

/** The one way to have a plan executed. */
export function createExecutor({ schema, subgraphs }: ExecutorParts): Executor {
  const graphs = new WeakMap<PlannedOperation, FetchGraph | undefined>()
  const graphOf = (operation: PlannedOperation) => {
    if (!graphs.has(operation)) graphs.set(operation, batchedFetches(operation))
    return graphs.get(operation)
  }
  const execute: Executor['execute'] = (operation, request) =>
    executeOperation(operation, { ...request, schema, subgraphs, graph: graphOf(operation) })
  return {
    execute,
    async executeToJson(operation, request) {
      return JSON.stringify(await execute(operation, request))
    },
    executeEvent(operation, response, request) {
      return executeEvent(operation, response, { ...request, schema, subgraphs, graph: graphOf(operation) })
    },
  }
}

function batchedFetches({ plan: { node } }: PlannedOperation): FetchGraph | undefined {
  const plan = node?.kind === 'Subscription' ? node.rest : node
  const graph = plan && fetchGraph(plan)
  return graph ? batchFetches(graph) : undefined
}
