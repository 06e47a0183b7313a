import type { GraphQLSchema } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { Caller, Subgraph, SubgraphResponse } from '../transports/subgraph-fetch.ts'
import { unavailable } from '../transports/transport-errors.ts'
import { type FailedField, failedWith } from './response-data.ts'

/** What every fetch of one run of a plan shares. */
export type PlanExecution = {
  supergraph: GraphQLSchema
  subgraphs: ReadonlyMap<string, Subgraph>
  caller: Caller
  /** Coerced. */
  variables: Readonly<Record<string, unknown>>
  signal: AbortSignal
}

/** One call: a fetch node, or several in one. */
export type Call = {
  serviceName: string
  /** GraphQL text. */
  operation: string
  operationName: string | undefined
  variableUsages?: readonly string[]
}

/**
 * The subgraph's answer, or why there is none.
 *
 * @throws the signal's reason once it is aborted
 */
export async function callSubgraph(
  { serviceName, operation: document, operationName }: Call,
  variables: Readonly<Record<string, unknown>>,
  { subgraphs, caller, signal }: PlanExecution,
): Promise<SubgraphResponse | FailedField> {
  signal.throwIfAborted()
  try {
    const subgraph = subgraphs.get(serviceName)
    if (!subgraph) throw unavailable(serviceName)
    return await subgraph.fetch({ document, operationName, variables, caller }, signal)
  } catch (error) {
    signal.throwIfAborted()
    return failedWith(error instanceof TrellisError ? error : unavailable(serviceName, error))
  }
}

/** Only the variables the call names, and none that the caller left out: absent and null are not the same. */
export function usedVariables(
  { variableUsages = [] }: Pick<Call, 'variableUsages'>,
  { variables }: Pick<PlanExecution, 'variables'>,
): Record<string, unknown> {
  const names = variableUsages.filter((name) => Object.hasOwn(variables, name))
  return Object.fromEntries(names.map((name) => [name, variables[name]]))
}
