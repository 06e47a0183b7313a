import type { GraphQLError } from 'graphql'
import type { FetchNode } from '../planning/query-plan.ts'
import { callSubgraph, type PlanExecution, usedVariables } from './call-subgraph.ts'
import { fetchEntities } from './fetch-entities.ts'
import { mergeFetched } from './merge-fetched.ts'
import { readResponse } from './read-response.ts'
import type { ResponseObject } from './response-data.ts'

/**
 * Asks one subgraph and merges its answer into `objects`: the root, or the entities that the fetch is about.
 * A subgraph that fails leaves its fields failed and nothing else.
 *
 * @returns the errors that belong to no field
 */
export async function executeFetchNode(
  node: FetchNode,
  objects: readonly ResponseObject[],
  execution: PlanExecution,
): Promise<GraphQLError[]> {
  if (objects.length === 0) return []
  if (node.requires) {
    const whole = { fetch: node, objects, entities: '_entities', representations: 'representations' }
    return fetchEntities(node, [whole], execution)
  }
  const { supergraph } = execution
  const response = await callSubgraph(node, usedVariables(node, execution), execution)
  const { data, strayErrors } = readResponse(node, response, supergraph)
  for (const object of objects) mergeFetched(object, data, { node, supergraph })
  return strayErrors
}
