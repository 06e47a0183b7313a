import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import type { GraphSchemas } from './graph-schemas.ts'
import type { QueryPlan } from './query-plan.ts'
import type { RootArgument } from './root-arguments.ts'

/** One operation of one generation, ready to run as often as wanted. Immutable. */
export type PlannedOperation = GraphSchemas & {
  /** The client's document, as it was validated. */
  document: DocumentNode
  /** The one operation of `document` that was planned. */
  operation: OperationDefinitionNode
  /**
   * Fetches aliased fields under private aliases, see private-aliases.ts. Its variables are those that
   * `planVariables` makes of the client's.
   */
  plan: QueryPlan
  /** Every argument of every root field, and the variable of the plan that carries it. */
  rootArguments: readonly RootArgument[]
}
