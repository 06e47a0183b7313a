import type { QueryPlan } from '@apollo/query-planner'
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql'

/** One operation of one generation, ready to run as often as wanted. Immutable. */
export type PlannedOperation = {
  /** The client's document, as it was validated. */
  document: DocumentNode
  /** The one operation of `document` that was planned. */
  operation: OperationDefinitionNode
  /** Fetches aliased fields under private aliases, see private-aliases.ts. */
  plan: QueryPlan
  /** Every type of every subgraph, what the API schema hides included: for what passes between gateway and subgraphs. */
  supergraph: GraphQLSchema
}
