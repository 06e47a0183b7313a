import type { DocumentNode } from 'graphql'
import { textOf } from './document-text.ts'
import { buildSchemas, type GraphSchemas } from './graph-schemas.ts'
import { createKeptOperations } from './kept-operations.ts'
import type { PlannedOperation } from './planned-operation.ts'
import { createPrepareOperation, type PlanText, type PrepareOperation } from './prepare-operation.ts'
import type { OperationText } from './prepared-operation.ts'
import type { SharedSupergraph } from './shared-supergraphs.ts'
import { createTextPlanner } from './text-planner.ts'

export type Planner = GraphSchemas & {
  /** Parses, validates and plans the text of an operation. Operations are kept, bounded, by text and name. */
  prepare: PrepareOperation
  /**
   * Plans an operation that was parsed before, and keeps it as `prepare` does.
   *
   * @throws {GraphQLError} why it cannot be planned: the first of the errors that `prepare` gives
   */
  plan(document: DocumentNode, operationName: string | undefined): Promise<PlannedOperation>
  /** Texts that `prepare` has been asked for most often, the most used first; at most `count`. */
  mostUsed(count: number): OperationText[]
}

/**
 * A planner in this very thread, which it blocks while it is built and while it plans. For tests and tools; a gateway
 * has its planners in threads of their own, see planner-pool.ts.
 *
 * @throws when the supergraph is not one (a composition result always is)
 */
export function createPlanner(supergraphSdl: string): Planner {
  const { apiSdl, plan } = createTextPlanner(supergraphSdl)
  const schemas = buildSchemas(apiSdl, supergraphSdl)
  return toPlanner({ schemas, operations: new Map() }, async ({ query, operationName }) =>
    plan(query, operationName),
  )
}

export function toPlanner({ schemas, operations }: SharedSupergraph, planText: PlanText): Planner {
  const kept = createKeptOperations(operations)
  const prepare = createPrepareOperation(kept, schemas, planText)
  return {
    ...schemas,
    prepare,
    mostUsed: kept.mostUsed,
    async plan(document, operationName) {
      const prepared = await prepare({ query: textOf(document), operationName })
      if (prepared.ok) return prepared.operation
      throw prepared.errors[0] ?? new Error('Refused without a reason.')
    },
  }
}
