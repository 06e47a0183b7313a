import type { GraphQLError, GraphQLSchema } from 'graphql'
import type { PlannedOperation } from './planned-operation.ts'

export type OperationText = {
  query: string
  operationName: string | undefined
  /** Whoever asked is gone: what nobody waits for any more is not planned. */
  signal?: AbortSignal
  /** Where it waits to be planned. @default with the other operations of this planner */
  lane?: symbol
}

export type PreparedOperation =
  | { ok: true; operation: PlannedOperation }
  /** GRAPHQL_PARSE_FAILED and its like as Apollo Server gives them, and those of planning. */
  | { ok: false; errors: readonly GraphQLError[] }

/** Both schemas of one supergraph, built from text. Immutable, shared by all clients whose supergraphs are equal. */
export type GraphSchemas = { schema: GraphQLSchema; supergraph: GraphQLSchema }
