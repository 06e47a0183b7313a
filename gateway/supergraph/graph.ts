import type { ApolloServer } from '@apollo/server'
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql'
import type { OperationContext } from './operation-context.ts'

/** What a viewer's operations run on: a generation of the client's supergraph, or the control graph. */
export type Graph = {
  schema: GraphQLSchema
  /** Queries and mutations. */
  apollo: ApolloServer<OperationContext>
  /** Takes leases of its own, one for each event. */
  subscribe(request: SubscribeRequest, context: OperationContext): Promise<Subscribed>
}

export type SubscribeRequest = {
  /** Valid in `schema`. */
  document: DocumentNode
  operationName: string | undefined
  variables: Readonly<Record<string, unknown>>
}

export type Subscribed = AsyncGenerator<ExecutionResult, void, void> | ExecutionResult
