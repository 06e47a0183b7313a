import type { GraphQLError } from 'graphql'
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
